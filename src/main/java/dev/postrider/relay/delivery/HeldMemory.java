package dev.postrider.relay.delivery;

import dev.postrider.transport.Shares;

/**
 * Memory for messages that came just now and need not be read from the queue again, in shares by namespace. Guarded by
 * {@link Turns}.
 */
final class HeldMemory {
    /** Octets of messages in memory, in all and of one organization. */
    private static final long MOST = 16L << 20;
    private static final long MOST_OF_ONE = 8L << 20;
    /** What a message takes in memory beside its content. */
    private static final long OVERHEAD = 2048;

    private final Shares shares = new Shares();

    /** Octets of messages in memory. */
    long held() {
        return shares.all();
    }

    boolean hasRoom(Backlog backlog, long octets) {
        long more = octets + OVERHEAD;
        return backlog.held() + more <= MOST_OF_ONE
                && shares.admits(backlog.organization().namespace(), more, MOST);
    }

    /**
     * Takes it for a message.
     *
     * @return what was taken
     */
    long take(Backlog backlog, long octets) {
        long more = octets + OVERHEAD;
        shares.take(backlog.organization().namespace(), more);
        backlog.hold(more);
        return more;
    }

    void giveBack(Backlog backlog, long octets) {
        shares.giveBack(backlog.organization().namespace(), octets);
        backlog.hold(-octets);
    }
}
