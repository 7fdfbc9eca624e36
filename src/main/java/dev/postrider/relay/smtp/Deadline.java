package dev.postrider.relay.smtp;

import java.time.Duration;

/** A moment that one thread sets and another looks at. */
final class Deadline {
    /** No moment at all. */
    static final long NEVER = Long.MAX_VALUE;

    private volatile long moment = NEVER;

    /** @param moment of {@link System#nanoTime}, or {@link #NEVER} */
    void at(long moment) {
        this.moment = moment;
    }

    void in(Duration time) {
        at(System.nanoTime() + time.toNanos());
    }

    void never() {
        at(NEVER);
    }

    /** @param now of {@link System#nanoTime} */
    boolean isOver(long now) {
        long set = moment;
        return set != NEVER && now - set >= 0;
    }
}
