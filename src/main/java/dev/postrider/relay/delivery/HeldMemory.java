package dev.postrider.relay.delivery;

/**
 * Memory for messages that came just now and need not be read from the queue again. Guarded by {@link Turns}.
 */
final class HeldMemory {
    /** Octets of messages in memory, in all and of one organization. */
    private static final long MOST = 16L << 20;
    private static final long MOST_OF_ONE = 8L << 20;
    /** What a message takes in memory beside its content. */
    private static final long OVERHEAD = 2048;

    private long held;

    /** Octets of messages in memory. */
    long held() {
        return held;
    }

    boolean hasRoom(Backlog backlog, long octets) {
        long more = octets + OVERHEAD;
        return held + more <= MOST && backlog.held() + more <= MOST_OF_ONE;
    }

    /**
     * Takes it for a message.
     *
     * @return what was taken
     */
    long take(Backlog backlog, long octets) {
        long more = octets + OVERHEAD;
        held += more;
        backlog.hold(more);
        return more;
    }

    void giveBack(Backlog backlog, long octets) {
        held -= octets;
        backlog.hold(-octets);
    }
}
