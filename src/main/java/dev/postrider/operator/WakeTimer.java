package dev.postrider.operator;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.UUID;
import java.util.function.Consumer;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.SimpleScheduleBuilder;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.quartz.impl.DirectSchedulerFactory;
import org.quartz.simpl.RAMJobStore;
import org.quartz.simpl.SimpleThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes the reconciler of a resource at a time: one trigger for each resource, in memory, all served by one thread. What
 * is due is the plan's to say, by its own clock; being woken early or twice does no harm.
 */
public final class WakeTimer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WakeTimer.class);

    private final InstantSource clock;
    private final Scheduler scheduler;
    private final JobDetail wake;

    /**
     * A timer that runs.
     *
     * @param what  is timed, for the name of its thread
     * @param clock by which times are told
     * @param woken called on the timer's thread, and must not block
     */
    public WakeTimer(String what, InstantSource clock, Consumer<ResourceID> woken) {
        this.clock = clock;
        // Quartz keeps all schedulers of a process by their names.
        String name = what + "s-" + UUID.randomUUID();
        wake = JobBuilder.newJob(Job.class).withIdentity("wake").storeDurably().build();
        try {
            SimpleThreadPool threads = new SimpleThreadPool(1, Thread.NORM_PRIORITY);
            threads.setThreadNamePrefix(what + "-timer");
            threads.setMakeThreadsDaemons(true);
            RAMJobStore store = new RAMJobStore();
            // Each wake-up is one of its own: one that comes late comes at once.
            store.setMisfireThreshold(60_000);
            DirectSchedulerFactory.getInstance().createScheduler(name, name, threads, store);
            scheduler = DirectSchedulerFactory.getInstance().getScheduler(name);
            scheduler.setJobFactory((fired, _) -> _ -> {
                TriggerKey key = fired.getTrigger().getKey();
                woken.accept(new ResourceID(key.getName(), key.getGroup()));
            });
            scheduler.addJob(wake, true);
            scheduler.start();
        } catch (SchedulerException e) {
            throw new IllegalStateException("the timer of each " + what + " does not start", e);
        }
    }

    /** Wakes once at this time, in place of the time that was set for the resource before. */
    public void wakeAt(ResourceID resource, Instant then) {
        Date date = Date.from(Instant.now().plus(Lifecycle.until(then, clock.instant())));
        try {
            TriggerKey key = key(resource);
            scheduler.unscheduleJob(key);
            scheduler.scheduleJob(TriggerBuilder.newTrigger()
                    .withIdentity(key)
                    .forJob(wake)
                    .startAt(date)
                    .withSchedule(SimpleScheduleBuilder.simpleSchedule().withMisfireHandlingInstructionFireNow())
                    .build());
        } catch (SchedulerException e) {
            LOG.error("what {} waits for is not timed; it is looked at when something changes", resource, e);
        }
    }

    /** Forgets the time that was set for a resource. */
    public void forget(ResourceID resource) {
        try {
            scheduler.unscheduleJob(key(resource));
        } catch (SchedulerException e) {
            LOG.warn("the timer of {} stays and does nothing: {}", resource, e.getMessage());
        }
    }

    private static TriggerKey key(ResourceID resource) {
        return new TriggerKey(resource.getName(), resource.getNamespace().orElse(""));
    }

    @Override
    public void close() {
        try {
            scheduler.shutdown(false);
        } catch (SchedulerException e) {
            LOG.warn("a timer does not stop: {}", e.getMessage());
        }
    }
}
