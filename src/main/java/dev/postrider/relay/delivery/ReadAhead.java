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
    private final FairQueue<Reading> next = new FairQueue<>();
    private final Shares readers = new Shares();

    /** Mail of urgent classes is read apart: it does not wait for what came before it. */
    private record Reading(Backlog backlog, boolean urgent) {}

    /** Begins to read, and does not wait for it. */
    @FunctionalInterface
    interface Query {
        /**
         * Begins to read an organization's mail that is due.
         *
         * @param urgent whether that of urgent classes alone
         * @param most   how many messages
         */
        void read(ResourceKey organization, boolean urgent, int most);
    }

    ReadAhead(Query query) {
        this.query = query;
    }

    /** Notes an organization to be read if little of its mail is in memory and there is more. */
    void refill(Backlog backlog) {
        refill(backlog, true);
        refill(backlog, false);
    }

    private void refill(Backlog backlog, boolean urgent) {
        Backlog.Unread unread = backlog.unread(urgent);
        if (unread.isInQueue() && !unread.isReading() && backlog.messages().size(urgent) < LEAST) {
            unread.inQueue(false);
            unread.reading(true);
            next.add(backlog.organization().namespace(), new Reading(backlog, urgent));
        }
    }

    void start() {
        for (Optional<Reading> first = poll(); first.isPresent(); first = poll()) {
            Backlog backlog = first.get().backlog;
            boolean urgent = first.get().urgent;
            Pool pool = backlog.pool();
            if (pool == null) {
                backlog.unread(urgent).reading(false);
                backlog.unread(urgent).inQueue(true);
            } else {
                readers.take(backlog.organization().namespace(), 1);
                query.read(backlog.organization(), urgent, atOnce(pool));
            }
        }
    }

    private Optional<Reading> poll() {
        return next.poll(namespace -> readers.admits(namespace, 1, READERS));
    }

    private static int atOnce(Pool pool) {
        int others = pool.lanes().stream().mapToInt(lane -> lane.waiting().namespaces()).max().orElse(0);
        return Math.clamp(ALL / (others + 1) / (pool.waiting().size() + 1), LEAST, MOST);
    }

    void ended(Backlog backlog, boolean urgent, boolean more) {
        readers.giveBack(backlog.organization().namespace(), 1);
        Backlog.Unread unread = backlog.unread(urgent);
        unread.reading(false);
        unread.inQueue(unread.isInQueue() || more);
    }
}
