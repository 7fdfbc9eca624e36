package dev.postrider.operator.kit;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Wakes the reconciler of a resource at a time: one task for each resource, in memory, all served by one thread. What
 * is due is the plan's to say, by its own clock; being woken early or twice does no harm.
 */
public final class WakeTimer implements AutoCloseable {
    /** After so long a resource is woken in any case: clocks are set, and the timer counts from when it was told. */
    private static final Duration LONGEST = Duration.ofDays(1);

    /** Times that are no further apart are the same one. */
    private static final Duration SAME = Duration.ofMillis(100);

    private final InstantSource clock;
    private final Consumer<ResourceID> woken;
    private final ScheduledThreadPoolExecutor thread;
    private final Map<ResourceID, Wake> wakes = new ConcurrentHashMap<>();

    /**
     * A time that was set.
     *
     * @param due by {@link System#nanoTime}
     */
    private record Wake(long due, Future<?> task) {
        boolean isAbout(long other) {
            return !task.isDone() && Math.abs(due - other) < SAME.toNanos();
        }
    }

    /**
     * A timer that runs.
     *
     * @param what  is timed, for the name of its thread
     * @param clock by which times are told
     * @param woken called on the timer's thread, and must not block
     */
    public WakeTimer(String what, InstantSource clock, Consumer<ResourceID> woken) {
        this.clock = clock;
        this.woken = woken;
        // Once it is closed, nobody need be woken.
        thread = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name(what + "-timer").factory(),
                new ThreadPoolExecutor.DiscardPolicy());
        thread.setRemoveOnCancelPolicy(true);
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Wakes once at this time, in place of the time that was set for the resource before. */
    public void wakeAt(ResourceID resource, Instant then) {
        Duration until = Lifecycle.until(then, clock.instant());
        Duration wait = until.compareTo(LONGEST) > 0 ? LONGEST : until;
        long due = System.nanoTime() + wait.toNanos();
        wakes.compute(resource, (id, before) -> {
            if (before != null && before.isAbout(due)) {
                return before;
            }
            if (before != null) {
                before.task.cancel(false);
            }
            return new Wake(due, thread.schedule(() -> wake(id), wait.toNanos(), TimeUnit.NANOSECONDS));
        });
    }

    private void wake(ResourceID resource) {
        wakes.computeIfPresent(resource, (_, wake) -> wake.due - System.nanoTime() > 0 ? wake : null);
        woken.accept(resource);
    }

    /** Forgets the time that was set for a resource. */
    public void forget(ResourceID resource) {
        Wake wake = wakes.remove(resource);
        if (wake != null) {
            wake.task.cancel(false);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
