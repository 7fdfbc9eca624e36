package dev.postrider.relay.delivery;

import dev.postrider.route.ResourceKey;
import dev.postrider.transport.FairQueue;
import dev.postrider.transport.Shares;
import java.util.Optional;

/**
 * Reads from the queue what is due, before the last of it that is in memory has its turn. Namespaces take turns, and
 * have shares of the queries. Guarded by {@link Turns}.
 */
final class ReadAhead {
    /** Messages read at once, at most and at least. */
    private static final int MOST = 64;
    private static final int LEAST = 4;
    /** Messages that those read ahead who wait for the same server, spread over namespaces and organizations. */
    private static final int ALL = 1024;
    /** Queries at a time. */
    private static final int READERS = 4;

    private final Query query;
    private final FairQueue<Backlog> next = new FairQueue<>();
    private final Shares readers = new Shares();

    /** Begins to read, and does not wait for it. */
    @FunctionalInterface
    interface Query {
        /**
         * Begins to read an organization's mail that is due.
         *
         * @param most how many messages
         */
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
            next.add(backlog.organization().namespace(), backlog);
        }
    }

    void start() {
        for (Optional<Backlog> first = poll(); first.isPresent(); first = poll()) {
            Backlog backlog = first.get();
            Pool pool = backlog.pool();
            if (pool == null) {
                backlog.reading(false);
                backlog.inQueue(true);
            } else {
                readers.take(backlog.organization().namespace(), 1);
                query.read(backlog.organization(), atOnce(pool));
            }
        }
    }

    private Optional<Backlog> poll() {
        return next.poll(namespace -> readers.admits(namespace, 1, READERS));
    }

    private static int atOnce(Pool pool) {
        int others = pool.lanes().stream().mapToInt(lane -> lane.waiting().namespaces()).max().orElse(0);
        return Math.clamp(ALL / (others + 1) / (pool.waiting().size() + 1), LEAST, MOST);
    }

    void ended(Backlog backlog, boolean more) {
        readers.giveBack(backlog.organization().namespace(), 1);
        backlog.reading(false);
        backlog.inQueue(backlog.isInQueue() || more);
    }
}
