package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after mail that waits for servers which all rest, so that nothing of it is tried: its senders are told of the
 * delay, and it is given up, when its time has come. The oldest attempt is looked at first.
 */
final class Overdue {
    private static final Logger LOG = LoggerFactory.getLogger(Overdue.class);
    private static final int AT_ONCE = 32;

    private final Queue queue;
    private final Consequences consequences;
    private final Courier courier;
    private final InstantSource clock;
    private final AtomicBoolean running = new AtomicBoolean();

    Overdue(Queue queue, Consequences consequences, Courier courier, InstantSource clock) {
        this.queue = queue;
        this.consequences = consequences;
        this.courier = courier;
        this.clock = clock;
    }

    /** Looks at all of these, one organization after the other; does nothing while that is under way. */
    void handle(Map<ResourceKey, List<Lanes.Resting>> resting) throws InterruptedException {
        if (!running.compareAndSet(false, true)) {
            return;
        }
        try {
            for (Map.Entry<ResourceKey, List<Lanes.Resting>> entry : resting.entrySet()) {
                if (!entry.getValue().isEmpty()) {
                    handle(entry.getKey(), entry.getValue().getFirst());
                }
            }
        } finally {
            running.set(false);
        }
    }

    private void handle(ResourceKey organization, Lanes.Resting server) throws InterruptedException {
        try {
            boolean found = true;
            while (found) {
                found = false;
                for (QueuedMessage message : queue.claim(organization, clock.instant(), AT_ONCE)) {
                    if (consequences.isOverdue(message)) {
                        courier.overdue(message, server);
                        found = true;
                    } else {
                        queue.release(message);
                    }
                }
            }
        } catch (QueueException.Corrupt e) {
            LOG.debug("overdue mail is not looked at: {}", e.getMessage());
        } catch (QueueException e) {
            LOG.error("mail of organization {} cannot be read: {}", organization, e.getMessage());
        }
    }
}
