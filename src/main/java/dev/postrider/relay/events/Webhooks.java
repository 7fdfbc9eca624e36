package dev.postrider.relay.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.relay.queue.Outbox;
import dev.postrider.relay.queue.Outbox.Scheduled;
import dev.postrider.relay.queue.Outbox.Waiting;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Webhook;
import dev.postrider.transport.FairExecutor;
import dev.postrider.transport.NameLookup;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the organizations' webhooks what is in the outbox: one at a time for each organization, some at a time for all,
 * in shares by namespace, so that receivers that are dead or slow delay nobody else. An event is told at least once,
 * unless its namespace has too many.
 */
public final class Webhooks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int AT_ONCE = 100;

    private final Outbox outbox;
    private final Routes routes;
    private final WebhookPolicy policy;
    private final WebhookTimes times;
    private final RelayMeters meters;
    private final InstantSource clock;
    private final WebhookClient client;
    private final WebhookLimits limits;
    private final FairExecutor threads;
    private final Thread scheduler = Thread.ofVirtual().name("webhooks").unstarted(this::schedule);
    private final Set<ResourceKey> busy = ConcurrentHashMap.newKeySet();
    private final Map<ResourceKey, Rest> resting = new ConcurrentHashMap<>();
    private volatile boolean closed;

    // Touched by the scheduler alone.
    private boolean failing;

    /** A receiver that failed is left alone for a while. */
    private record Rest(int failures, Instant until) {}

    public Webhooks(Outbox outbox, Routes routes, WebhookPolicy policy, WebhookTimes times, RelayMeters meters,
            InstantSource clock) {
        this(outbox, routes, policy, times, WebhookLimits.DEFAULT, meters, clock);
    }

    Webhooks(Outbox outbox, Routes routes, WebhookPolicy policy, WebhookTimes times, WebhookLimits limits,
            RelayMeters meters, InstantSource clock) {
        this.limits = limits;
        this.threads = new FairExecutor("webhook", limits.atOnce());
        this.outbox = outbox;
        this.routes = routes;
        this.policy = policy;
        this.times = times;
        this.meters = meters;
        this.clock = clock;
        this.client = new WebhookClient(policy, times);
    }

    /** Starts to tell. */
    public void start() {
        scheduler.start();
    }

    private void schedule() {
        while (!closed) {
            try {
                Instant now = clock.instant();
                Map<ResourceKey, Scheduled> schedule = outbox.schedule();
                schedule.forEach((organization, events) -> {
                    if (!events.next().isAfter(now) && !rests(organization, now) && busy.add(organization)) {
                        execute(organization);
                    }
                });
                resting.keySet()
                        .removeIf(organization -> !schedule.containsKey(organization) && !busy.contains(organization)
                                && !rests(organization, now));
                dropExcess(schedule);
                failing = false;
            } catch (QueueException e) {
                if (!failing) {
                    LOG.error("events cannot be read, trying again: {}", e.getMessage());
                }
                failing = true;
            } catch (RuntimeException e) {
                if (!closed) {
                    LOG.error("events stumbled and go on", e);
                }
            }
            try {
                Thread.sleep(times.look());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Of a namespace that has too many, the organizations with most lose their oldest. */
    private void dropExcess(Map<ResourceKey, Scheduled> schedule) throws QueueException {
        for (Map.Entry<ResourceKey, Integer> drop : limits.excess(schedule).entrySet()) {
            outbox.dropOldest(drop.getKey(), drop.getValue());
            meters.events(drop.getKey(), "dropped", drop.getValue());
            LOG.warn("the oldest {} events of organization {} are dropped, for its namespace has more than {}",
                    drop.getValue(), drop.getKey(), limits.ofNamespace());
        }
    }

    private void execute(ResourceKey organization) {
        String namespace = organization.namespace();
        try {
            threads.execute(namespace, () -> NameLookup.in(namespace, () -> tell(organization)));
        } catch (RejectedExecutionException e) {
            LOG.debug("events of organization {} wait for the next start", organization);
        }
    }

    private boolean rests(ResourceKey organization, Instant now) {
        Rest rest = resting.get(organization);
        return rest != null && now.isBefore(rest.until);
    }

    /** For a while only: others wait for the thread. Says whether there is more. */
    private boolean tell(ResourceKey organization) {
        boolean more = false;
        long end = System.nanoTime() + limits.turn().toNanos();
        try {
            boolean goesOn = true;
            while (goesOn && !closed && System.nanoTime() - end < 0) {
                // Asked before, so that events of a former owner are not told to the webhook of a new one.
                Optional<OrganizationRoute> route = routes.organization(organization);
                List<Waiting> due = outbox.due(organization, clock.instant(), AT_ONCE);
                goesOn = !due.isEmpty() && tell(organization, route, due);
            }
            more = goesOn && !closed;
        } catch (QueueException e) {
            LOG.error("events of organization {} cannot be read or settled: {}", organization, e.getMessage());
            resting.put(organization, new Rest(0, clock.instant().plus(times.longestRest())));
        } finally {
            if (!more) {
                busy.remove(organization);
            }
        }
        if (more) {
            execute(organization);
        }
        return more;
    }

    /** Whether it is worth going on. */
    private boolean tell(ResourceKey organization, Optional<OrganizationRoute> route, List<Waiting> due)
            throws QueueException {
        Optional<Webhook> webhook = route.flatMap(OrganizationRoute::webhook);
        if (webhook.isEmpty()) {
            if (!routes.isComplete()) {
                return false;
            }
            for (Waiting event : due) {
                drop(event, "the organization names no webhook any more");
            }
            return true;
        }
        // Those tried least come first, so that a few that the receiver does not like hold up no others.
        for (Waiting event : due.stream().sorted(Comparator.comparingInt(Waiting::attempts)).toList()) {
            if (!outbox.holds(event)) {
                return false;
            }
            long start = System.nanoTime();
            Optional<String> failure = closed ? Optional.of("stopping") : send(webhook.get(), event);
            if (closed && failure.isPresent()) {
                return false;
            }
            if (failure.isPresent()) {
                failed(event, due, failure.get());
                return false;
            }
            resting.remove(organization);
            outbox.done(event);
            meters.event(organization, "told");
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            if (took.compareTo(limits.turn()) > 0) {
                // As long as it took: so a slow one has a thread for half of the time at most.
                resting.put(organization, new Rest(0, clock.instant().plus(took)));
                return false;
            }
        }
        return true;
    }

    /** Only the one that was tried is put off: it may be this one that the receiver does not like. */
    private void failed(Waiting event, List<Waiting> due, String why) throws QueueException {
        ResourceKey organization = event.organization();
        Instant now = clock.instant();
        meters.event(organization, "failed");
        LOG.warn("{}", LogLine.of(event.id(), "event-failed")
                .with("organization", organization)
                .with("attempt", event.attempts() + 1)
                .with("reason", why));
        int failures = Optional.ofNullable(resting.get(organization)).map(Rest::failures).orElse(0) + 1;
        resting.put(organization, new Rest(failures, now.plus(times.rest(failures))));
        for (Waiting old : due) {
            if (time(old).plus(times.expiry()).isBefore(now)) {
                drop(old, why);
            } else if (old.id().equals(event.id())) {
                outbox.defer(event, now.plus(times.backOff(event.attempts() + 1)));
            }
        }
    }

    private void drop(Waiting event, String why) throws QueueException {
        outbox.done(event);
        meters.event(event.organization(), "dropped");
        LOG.warn("{}", LogLine.of(event.id(), "event-dropped")
                .with("organization", event.organization())
                .with("attempt", event.attempts())
                .with("reason", why));
    }

    private static Instant time(Waiting event) {
        try {
            return Instant.parse(JSON.readTree(event.content()).path("time").asText());
        } catch (JsonProcessingException | java.time.DateTimeException e) {
            return Instant.MIN.plus(Duration.ofDays(366));
        }
    }

    /** Why it was not taken, if so. */
    private Optional<String> send(Webhook webhook, Waiting event) {
        try {
            URI url = URI.create(webhook.url());
            policy.check(url);
            Instant now = clock.instant();
            int status = client.post(url, Map.of("webhook-id", event.id(), "webhook-timestamp",
                    Long.toString(now.getEpochSecond()), "webhook-signature",
                    Signature.of(webhook.signingKey(), event.id(), now, event.content())), event.content(),
                    webhook.tls());
            return status >= 200 && status < 300 ? Optional.empty() : Optional.of("the receiver answers " + status);
        } catch (IllegalArgumentException e) {
            return Optional.of("it is no URL");
        } catch (IOException e) {
            return Optional.of(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        }
    }

    @Override
    public void close() {
        closed = true;
        scheduler.interrupt();
        threads.shutdownNow();
        client.close();
        try {
            scheduler.join();
            threads.awaitTermination(5, java.util.concurrent.TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
