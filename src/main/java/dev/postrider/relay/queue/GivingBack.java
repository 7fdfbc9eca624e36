package dev.postrider.relay.queue;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this relay has given up of the database's, until the database has it back: at once, or with a later renewal of
 * the lease while it cannot be reached. Safe for many threads.
 */
final class GivingBack<T> {
    private static final Logger LOG = LoggerFactory.getLogger(GivingBack.class);

    /** Gives one back. */
    @FunctionalInterface
    interface Step<T> {
        void run(T one) throws QueueException;
    }

    private final Replica replica;
    private final Step<T> step;
    private final Queue<T> waiting = new ConcurrentLinkedQueue<>();

    GivingBack(Replica replica, Step<T> step) {
        this.replica = replica;
        this.step = step;
        replica.withEachRenewal(this::run);
    }

    void add(T one) {
        waiting.add(one);
        if (replica.isConnected()) {
            try {
                run();
            } catch (QueueException e) {
                LOG.debug("given back with the next renewal: {}", e.getMessage());
            }
        }
    }

    private void run() throws QueueException {
        for (T one = waiting.poll(); one != null; one = waiting.poll()) {
            boolean done = false;
            try {
                step.run(one);
                done = true;
            } finally {
                if (!done) {
                    waiting.add(one);
                }
            }
        }
    }
}
