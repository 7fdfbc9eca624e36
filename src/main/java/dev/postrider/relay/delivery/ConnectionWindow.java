package dev.postrider.relay.delivery;

import java.time.Duration;
import java.time.Instant;

/**
 * How many connections a server lets be open, as far as its refusals tell: less by one after the first, half after each
 * that follows soon, and one more for each minute since it took mail again (additive increase, multiplicative decrease). Guarded by
 * {@link Turns}.
 */
final class ConnectionWindow {
    static final Duration GROWS_AFTER = Duration.ofMinutes(1);

    private int most = Integer.MAX_VALUE;
    private long reducedAt;
    private Instant reducedTime = Instant.MIN;
    /** When it took mail after that; far in the future if it has not. */
    private Instant since = Instant.MAX;

    /** How many may be open now. */
    int most(Instant now) {
        if (most == Integer.MAX_VALUE || !since.isBefore(now)) {
            return most;
        }
        long grown = most + Duration.between(since, now).dividedBy(GROWS_AFTER);
        return Math.clamp(grown, 1, Integer.MAX_VALUE);
    }

    /** The server took a message. */
    void taken(Instant now) {
        if (since.equals(Instant.MAX)) {
            since = now;
        }
    }

    /**
     * The server said that too many are open.
     *
     * @param attempt number of the attempt that heard it: one that began before the last reduction says nothing new
     * @param last    number of the attempt that began last
     * @param open    connections, this one included
     * @return whether there was something to give up: a server that has too much with one fails
     */
    boolean reduce(long attempt, long last, int open, Instant now) {
        if (attempt <= reducedAt) {
            return true;
        }
        int before = Math.min(most(now), Math.max(1, open));
        boolean again = most != Integer.MAX_VALUE && now.isBefore(reducedTime.plus(GROWS_AFTER));
        most = Math.max(1, again ? before / 2 : before - 1);
        reducedAt = last;
        reducedTime = now;
        since = Instant.MAX;
        return before > 1;
    }
}
