package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
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
    private final Consumer<ResourceKey> due;
    private final AtomicBoolean running = new AtomicBoolean();

    /** @param due told of organizations of whose mail some was claimed and is free again */
    Overdue(Queue queue, Consequences consequences, Courier courier, InstantSource clock, Consumer<ResourceKey> due) {
        this.due = due;
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
        Deque<QueuedMessage> claimed = new ArrayDeque<>();
        boolean released = false;
        try {
            boolean found = true;
            while (found) {
                found = false;
                claimed.addAll(queue.claim(organization, clock.instant(), AT_ONCE));
                for (QueuedMessage message = claimed.peek(); message != null; message = claimed.peek()) {
                    if (consequences.isOverdue(message)) {
                        courier.overdue(message, server);
                        found = true;
                    } else {
                        queue.release(message);
                        released = true;
                    }
                    claimed.remove();
                }
            }
        } catch (QueueException.Corrupt e) {
            LOG.debug("overdue mail is not looked at: {}", e.getMessage());
        } catch (QueueException e) {
            LOG.error("mail of organization {} cannot be read: {}", organization, e.getMessage());
        } finally {
            claimed.forEach(queue::release);
            if (released || !claimed.isEmpty()) {
                // Whoever looked for mail meanwhile found none.
                due.accept(organization);
            }
        }
    }
}
