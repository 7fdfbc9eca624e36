package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes mail that nobody is left to send: of an organization that is deleted with its mail, or is gone. */
final class Removals {
    private static final Logger LOG = LoggerFactory.getLogger(Removals.class);
    private static final Duration INTERVAL = Duration.ofHours(1);

    private final Queue queue;
    private final Routes routes;
    private final Supplier<Duration> expiry;
    private final InstantSource clock;
    private final Set<ResourceKey> running = ConcurrentHashMap.newKeySet();

    Removals(Queue queue, Routes routes, Supplier<Duration> expiry, InstantSource clock) {
        this.queue = queue;
        this.routes = routes;
        this.expiry = expiry;
        this.clock = clock;
    }

    /** Removes what there is to remove; says when to look again. */
    Optional<Instant> run(ResourceKey organization) {
        if (queue.usage(organization).messages() == 0 || !running.add(organization)) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        try {
            Optional<OrganizationRoute> route = routes.organization(organization);
            if (route.isEmpty()) {
                expire(organization, now);
            } else if (route.get().state() == OrganizationRoute.State.DROPPING) {
                int removed = queue.removeAll(organization);
                LOG.info("organization {} is deleted with its queue: {} messages dropped", organization, removed);
            }
        } catch (QueueException e) {
            LOG.error("mail of organization {} could not be removed: {}", organization, e.getMessage());
        } finally {
            running.remove(organization);
        }
        return Optional.of(now.plus(INTERVAL));
    }

    /** Nobody is left who could send it, or hear of it. */
    private void expire(ResourceKey organization, Instant now) throws QueueException {
        // Before all routes are known this one may only be late.
        if (routes.isComplete()) {
            int removed = queue.removeReceivedBefore(organization, now.minus(expiry.get()));
            if (removed > 0) {
                LOG.warn("organization {} has no route: {} messages expired and dropped", organization, removed);
            }
        }
    }
}
