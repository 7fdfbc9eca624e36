package dev.postrider.relay.delivery;

import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * Rests a server that fails. Closed, it lets all attempts through. After some failures in a row, or one that came with
 * the wish to be left alone for a time, it opens and lets none through for a while, then half-opens for a single
 * attempt: if that fails too, the server rests twice as long as before, up to a bound; if it succeeds, the breaker
 * closes. A {@link Rest} opens it at once. Not safe for threads.
 */
final class CircuitBreaker {
    /** What it lets through. */
    enum State {
        CLOSED, OPEN, HALF_OPEN
    }

    private final IntSupplier mostFailures;
    private final Supplier<DeliverySettings> settings;
    /** How long the next rest is; empty for the shortest. */
    private Optional<Duration> rest = Optional.empty();
    private int failures;
    private boolean open;
    private boolean probing;
    private Instant since = Instant.MIN;
    private Instant restsUntil = Instant.MIN;
    private Optional<Verdict.Refused> lastFailure = Optional.empty();
    private Optional<Rest> why = Optional.empty();

    /**
     * A closed one.
     *
     * @param mostFailures in a row, at which it opens; at least 1
     * @param settings     how long it stays open
     */
    CircuitBreaker(IntSupplier mostFailures, Supplier<DeliverySettings> settings) {
        this.mostFailures = mostFailures;
        this.settings = settings;
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

    /** @param probe whether it was the single one: what was under way when a known rest began does not end it */
    void succeeded(boolean probe) {
        if (why.isPresent() && !probe) {
            return;
        }
        close();
    }

    /** Forgets all failures. */
    void close() {
        open = false;
        why = Optional.empty();
        probing = false;
        failures = 0;
        rest = Optional.empty();
        lastFailure = Optional.empty();
    }

    void failed(boolean probe, Verdict.Refused failure, Instant now) {
        failed(probe, failure, mostFailures.getAsInt(), now);
    }

    /** It failed often enough, by another count than its own. */
    void failedForAll(boolean probe, Verdict.Refused failure, Instant now) {
        failed(probe, failure, 1, now);
    }

    private void failed(boolean probe, Verdict.Refused failure, int times, Instant now) {
        if (why.isPresent() && !probe) {
            return;
        }
        why = Optional.empty();
        lastFailure = Optional.of(failure);
        failures++;
        // What was under way when it opened says nothing new.
        if (open ? probe : failures >= times) {
            open(now);
            probing = false;
            Duration length = rest.orElseGet(() -> settings.get().serverRest());
            restsUntil = now.plus(length);
            Duration twice = length.multipliedBy(2);
            Duration most = settings.get().longestServerRest();
            rest = Optional.of(twice.compareTo(most) < 0 ? twice : most);
        }
        failure.retryAfter().map(now::plus).filter(time -> !open || time.isAfter(restsUntil)).ifPresent(time -> {
            open(now);
            restsUntil = time;
        });
    }

    /** Opens at once, for a time that is known. */
    void rest(boolean probe, Rest rest, Instant now) {
        open(now);
        abandoned(probe);
        lastFailure = Optional.of(rest.failure());
        if (why.isEmpty() || rest.until().isAfter(restsUntil)) {
            why = Optional.of(rest);
            restsUntil = rest.until();
        }
    }

    private void open(Instant now) {
        if (!open) {
            open = true;
            since = now;
        }
    }

    /** Lets one through at once, if it rests for a known reason: that may be over. */
    void endRest() {
        if (why.isPresent()) {
            restsUntil = Instant.MIN;
        }
    }

    /** Lets one through at once, whatever it rests for. */
    void halfOpen() {
        restsUntil = Instant.MIN;
    }

    /** The known reason that it rests for, if that is so. */
    Optional<Rest> rest() {
        return why;
    }

    /** When it opened, as long as it has not closed since. */
    Instant since() {
        return since;
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
