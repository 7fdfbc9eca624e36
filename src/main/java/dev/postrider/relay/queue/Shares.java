package dev.postrider.relay.queue;

/**
 * A quantity that namespaces share. Half of it is divided equally among all namespaces of the installation: within that
 * part nobody is refused, whatever others have. Of the other half, what a namespace has beyond its part must be no more
 * than is still free there, so that who has most is refused first, and at most a quarter of all is one namespace's
 * unless its part is larger. Not safe for threads.
 */
final class Shares {
    private static final int GUARANTEED = 2;
    private static final int MOST_OF_ONE = 4;

    private long capacity;
    private int members = 1;
    private long held;
    private long beyond;

    /**
     * Begins anew with another capacity or number of namespaces; what they have is to be added then.
     *
     * @param most    of all
     * @param between namespaces, at least one
     */
    void begin(long most, int between) {
        capacity = Math.max(0, most);
        members = between;
        held = 0;
        beyond = 0;
    }

    /** A namespace has so much now, and had so much before. */
    void change(long before, long now) {
        held += now - before;
        beyond += beyond(now) - beyond(before);
    }

    private long beyond(long amount) {
        return Math.max(0, amount - guaranteed());
    }

    /** The part of each namespace. */
    private long guaranteed() {
        return capacity / GUARANTEED / members;
    }

    /** How much a namespace that has this much may have in all. */
    long share(long has) {
        long guaranteed = guaranteed();
        long shared = capacity - guaranteed * members;
        long left = Math.max(0, (shared - (beyond - beyond(has))) / 2);
        return Math.max(guaranteed, Math.min(capacity / MOST_OF_ONE, guaranteed + left));
    }

    /** Whether there is so much more of it at all. */
    boolean hasRoomFor(long more) {
        return held + more <= capacity;
    }

    long capacity() {
        return capacity;
    }

    long held() {
        return held;
    }
}
