package dev.postrider.relay.delivery;

import dev.postrider.route.ResourceKey;
import java.util.ArrayDeque;
import java.util.Deque;

/** Reads from the queue what is due, before the last of it that is in memory has its turn. Guarded by {@link Turns}. */
final class ReadAhead {
    /** Messages read at once, at most and at least. */
    private static final int MOST = 64;
    private static final int LEAST = 4;
    /** Messages that one pool reads ahead, spread over its organizations. */
    private static final int ALL = 1024;
    /** Queries at a time. */
    private static final int READERS = 4;

    private final Query query;
    private final Deque<Backlog> next = new ArrayDeque<>();
    private int readers;

    /** Begins to read, and does not wait for it. */
    @FunctionalInterface
    interface Query {
        /** @param most how many messages */
        void read(ResourceKey organization, int most);
    }

    ReadAhead(Query query) {
        this.query = query;
    }

    /** Notes an organization to be read if little of its mail is in memory and there is more. */
    void refill(Backlog backlog) {
        if (backlog.isInQueue() && !backlog.isReading() && backlog.messages().size() < LEAST) {
            backlog.inQueue(false);
            backlog.reading(true);
            next.addLast(backlog);
        }
    }

    void start() {
        while (readers < READERS && !next.isEmpty()) {
            Backlog backlog = next.removeFirst();
            Pool pool = backlog.pool();
            if (pool == null) {
                backlog.reading(false);
                backlog.inQueue(true);
            } else {
                readers++;
                query.read(backlog.organization(), Math.clamp(ALL / (pool.waiting().size() + 1), LEAST, MOST));
            }
        }
    }

    void ended(Backlog backlog, boolean more) {
        readers--;
        backlog.reading(false);
        backlog.inQueue(backlog.isInQueue() || more);
    }
}
