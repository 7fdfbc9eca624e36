package dev.postrider.relay;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.Quotas.Exceeded;
import dev.postrider.relay.queue.Quotas.Taken;
import dev.postrider.relay.queue.Quotas.Use;
import dev.postrider.relay.routes.RouteChanges;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Quota;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what organizations submit within their limits, and holds or refuses the rest. What they are told by the code of
 * RFC 5321 for what is refused for now: the same mail will be taken later. Safe for many threads.
 */
final class OrganizationQuotas implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OrganizationQuotas.class);
    private static final int AGAIN_MILLIS = 1000;

    private final Queue queue;
    private final Routes routes;
    private final RelayMeters meters;
    private final InstantSource clock;
    /** Limits that had no room for a single message, by which more is refused before it is sent. */
    private final Map<ResourceKey, Full> full = new ConcurrentHashMap<>();
    private final Semaphore signals = new Semaphore(1);
    private final RouteChanges changes;
    private final Thread thread = Thread.ofVirtual().name("quotas").unstarted(this::followRoutes);

    /** @param owner of the organization, whose name another may have later */
    private record Full(Quota quota, Optional<String> owner, Exceeded exceeded) {}

    private OrganizationQuotas(Queue queue, Routes routes, RelayMeters meters, InstantSource clock) {
        this.queue = queue;
        this.routes = routes;
        this.meters = meters;
        this.clock = clock;
        this.changes = routes.changes(signals::release);
    }

    static OrganizationQuotas start(Queue queue, Routes routes, RelayMeters meters, InstantSource clock) {
        var quotas = new OrganizationQuotas(queue, routes, meters, clock);
        quotas.thread.start();
        return quotas;
    }

    private static ZoneId zone(OrganizationRoute route) {
        return route.reportZone().orElse(ZoneOffset.UTC);
    }

    /** Why no mail of an organization is taken now, as far as that is known without asking the database. */
    Optional<Refusal> refusal(OrganizationRoute route) {
        Full known = full.get(route.key());
        if (known == null) {
            return Optional.empty();
        }
        if (route.quota().equals(Optional.of(known.quota)) && route.uid().equals(known.owner)
                && known.exceeded.until().filter(until -> until.isAfter(clock.instant())).isPresent()) {
            return Optional.of(refusal(known.exceeded));
        }
        full.remove(route.key(), known);
        return Optional.empty();
    }

    /**
     * Counts a message that is about to be queued.
     *
     * @return empty for an organization without limits
     * @throws RefusedException if it is too much
     */
    Optional<Taken> take(OrganizationRoute route, int recipients) throws IOException {
        if (route.quota().isEmpty()) {
            return Optional.empty();
        }
        Quota quota = route.quota().get();
        int units = quota.units(recipients);
        return switch (queue.quotas().take(route.key(), quota, zone(route), units)) {
            case Taken taken -> {
                taken.reached().forEach(use -> tell(route.key(), use));
                yield Optional.of(taken);
            }
            case Exceeded exceeded -> {
                if (units == 1) {
                    full.put(route.key(), new Full(quota, route.uid(), exceeded));
                }
                throw new RefusedException(refusal(exceeded));
            }
        };
    }

    private void tell(ResourceKey organization, Use use) {
        meters.limitReached(organization, use.limit().period(), use.level());
        LOG.warn("organization {} has used up {} % of its limit: {}, until {}", organization, use.level(), use.limit(),
                use.until());
    }

    private static Refusal refusal(Exceeded exceeded) {
        return exceeded.until()
                .map(until -> new Refusal(452, "4.7.0", "this organization may send %s; there is room again at %s"
                        .formatted(exceeded.limit(), until)))
                .orElseGet(() -> new Refusal(550, "5.7.0",
                        "this organization may send %s, and this message alone is more; send it to fewer"
                                .formatted(exceeded.limit())));
    }

    /** A message that was counted was not queued after all. */
    void giveBack(OrganizationRoute route, Taken taken) {
        try {
            queue.quotas().giveBack(route.key(), route.quota().orElseThrow(), zone(route), taken);
        } catch (QueueException e) {
            LOG.warn("a message of organization {} that was not queued counts all the same: {}", route.key(),
                    e.getMessage());
        }
    }

    /** What is held by limits that were changed is due by the new ones. */
    private void followRoutes() {
        Map<ResourceKey, Quota> known = new HashMap<>();
        Set<ResourceKey> toLookAt = new HashSet<>(routes.quotas().keySet());
        try {
            while (true) {
                signals.acquire();
                signals.drainPermits();
                RouteChanges.Taken changed = changes.take();
                toLookAt.addAll(changed.organizations());
                while (!follow(known, toLookAt)) {
                    Thread.sleep(AGAIN_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    /** Looks at organizations, and leaves those of the set that are to be looked at again. */
    private boolean follow(Map<ResourceKey, Quota> known, Set<ResourceKey> toLookAt) {
        toLookAt.removeIf(organization -> follow(known, organization));
        return toLookAt.isEmpty();
    }

    /** Says whether that is done. */
    private boolean follow(Map<ResourceKey, Quota> known, ResourceKey organization) {
        Optional<OrganizationRoute> route = routes.organization(organization);
        if (route.isEmpty()) {
            // Names come and go as often as somebody likes.
            known.remove(organization);
            full.remove(organization);
            return true;
        }
        Optional<Quota> quota = route.get().quota();
        if (quota.equals(Optional.ofNullable(known.get(organization)))) {
            return true;
        }
        try {
            queue.quotas().changed(organization, quota, zone(route.get()));
        } catch (QueueException e) {
            LOG.error("mail of organization {} waits by its former limits: {}", organization, e.getMessage());
            return false;
        }
        quota.ifPresentOrElse(now -> known.put(organization, now), () -> known.remove(organization));
        return true;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
