package dev.postrider.relay.delivery;

import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Rests a server that fails. Closed, it lets all attempts through. After three failures in a row, or one
 * that came with the wish to be left alone for a time, it opens and lets none through for a while, then half-opens for a single attempt: if that fails too, the server rests twice as long as
 * before, up to a bound; if it succeeds, the breaker closes. Not safe for threads.
 */
final class CircuitBreaker {
    private static final int MOST_FAILURES = 3;

    /** What it lets through. */
    enum State {
        CLOSED, OPEN, HALF_OPEN
    }

    private final Duration shortest;
    private final Duration longest;
    private Duration rest;
    private int failures;
    private boolean open;
    private boolean probing;
    private Instant restsUntil = Instant.MIN;
    private Optional<Verdict.Refused> lastFailure = Optional.empty();

    /**
     * A closed one.
     *
     * @param shortest how long the first rest is
     * @param longest  how long a rest gets
     */
    CircuitBreaker(Duration shortest, Duration longest) {
        this.shortest = shortest;
        this.longest = longest;
        this.rest = shortest;
    }

    State state(Instant now) {
        return !open ? State.CLOSED : now.isBefore(restsUntil) ? State.OPEN : State.HALF_OPEN;
    }

    /** Whether it opened and has not closed since. */
    boolean isOpen() {
        return open;
    }

    /** Whether an attempt may begin now. */
    boolean admits(Instant now) {
        return switch (state(now)) {
            case CLOSED -> true;
            case OPEN -> false;
            case HALF_OPEN -> !probing;
        };
    }

    /** An attempt begins; says whether it is the single one of a half-open breaker. */
    boolean begin() {
        probing |= open;
        return open;
    }

    /** An attempt ended without a word about the server. */
    void abandoned(boolean probe) {
        probing &= !probe;
    }

    void succeeded() {
        open = false;
        probing = false;
        failures = 0;
        rest = shortest;
        lastFailure = Optional.empty();
    }

    void failed(boolean probe, Verdict.Refused why, Instant now) {
        lastFailure = Optional.of(why);
        failures++;
        // What was under way when it opened says nothing new.
        if (open ? probe : failures >= MOST_FAILURES) {
            open = true;
            probing = false;
            restsUntil = now.plus(rest);
            Duration twice = rest.multipliedBy(2);
            rest = twice.compareTo(longest) < 0 ? twice : longest;
        }
        why.retryAfter().map(now::plus).filter(time -> !open || time.isAfter(restsUntil)).ifPresent(time -> {
            open = true;
            restsUntil = time;
        });
    }

    /** When an open one half-opens. */
    Instant restsUntil() {
        return restsUntil;
    }

    /** Why it opened, or is about to. */
    Optional<Verdict.Refused> lastFailure() {
        return lastFailure;
    }
}
