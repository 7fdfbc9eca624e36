package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.route.RateLimits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What this relay may send to one server by its rates: times at which one message, or recipient, may be sent. They are
 * taken of {@link dev.postrider.relay.queue.SendingRates} some at a time: one at first, and twice as many whenever they
 * were used up. Guarded by {@link Turns}.
 */
final class Allowance {
    private static final int MOST_AT_ONCE = 100;
    private static final int LEAST_LATE = 4;
    /** How long the database is left alone that did not answer. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** What was taken for one message. */
    static final class Taken {
        private static final Taken NOTHING = new Taken(0);
        private final List<Instant> times = new ArrayList<>();
        private int owed;

        private Taken(int owed) {
            this.owed = owed;
        }
    }

    /**
     * What to take of the rates, see {@link dev.postrider.relay.queue.SendingRates#take}.
     *
     * @param asked when
     */
    record Wish(RateLimits limits, int most, int owed, Instant asked) {}

    private final Deque<Instant> times = new ArrayDeque<>();
    private Optional<RateLimits> limits = Optional.empty();
    private Optional<RateLimits.Limit> waitsFor = Optional.empty();
    private Instant granted = Instant.MIN;
    private Instant notBefore = Instant.MIN;
    /** How late the answer may have come, by which these times are late already. */
    private Duration lag = Duration.ZERO;
    private boolean asking;
    private int atOnce = 1;
    private int owed;

    /** Takes up the rates of the route. */
    void limitedBy(Optional<RateLimits> current) {
        if (!limits.equals(current)) {
            limits = current;
            notBefore = Instant.MIN;
            if (current.isEmpty()) {
                times.clear();
                owed = 0;
            }
        }
    }

    /** How much may be sent now. */
    int available(Instant now) {
        if (limits.isEmpty()) {
            return Integer.MAX_VALUE;
        }
        forgetLate(now);
        int available = 0;
        for (Instant time : times) {
            if (time.isAfter(now)) {
                break;
            }
            available++;
        }
        return available;
    }

    private void forgetLate(Instant now) {
        if (now.isBefore(granted)) {
            // The clock was set back, and nobody knows when these times are.
            owed -= times.size();
            times.clear();
            notBefore = Instant.MIN;
            granted = Instant.MIN;
        }
        Duration late = late();
        while (!times.isEmpty() && times.getFirst().plus(late).isBefore(now)) {
            times.removeFirst();
            owed--;
            atOnce = 1;
        }
    }

    /** Not without anything left: while the database is slow, mail goes all the same. */
    private Duration late() {
        Duration late = limits.orElseThrow().late();
        Duration left = late.minus(lag);
        Duration least = late.dividedBy(LEAST_LATE);
        return left.compareTo(least) > 0 ? left : least;
    }

    /** Takes what one message is at least; to be asked for only what is available. */
    Taken take() {
        if (limits.isEmpty()) {
            return Taken.NOTHING;
        }
        var taken = new Taken(0);
        taken.times.add(times.removeFirst());
        return taken;
    }

    /** The message goes to so many, in so many pieces: what that takes beyond the first, and is not there, is owed. */
    void charge(Taken taken, int recipients, int transactions) {
        if (taken == Taken.NOTHING || limits.isEmpty()) {
            return;
        }
        for (int more = limits.get().units(recipients, transactions) - 1; more > 0; more--) {
            if (times.isEmpty()) {
                taken.owed++;
                owed++;
            } else {
                taken.times.add(times.removeFirst());
            }
        }
    }

    /** The message was not sent. */
    void giveBack(Taken taken) {
        if (taken != Taken.NOTHING && limits.isPresent()) {
            for (int i = taken.times.size() - 1; i >= 0; i--) {
                times.addFirst(taken.times.get(i));
            }
            owed -= taken.owed;
        }
    }

    /** What to ask for now: nothing while there is some, or the answer is awaited. */
    Optional<Wish> ask(Instant now) {
        if (limits.isEmpty() || asking || available(now) > 0 || !times.isEmpty() || now.isBefore(notBefore)) {
            return Optional.empty();
        }
        asking = true;
        var wish = new Wish(limits.get(), atOnce, owed, now);
        owed = 0;
        return Optional.of(wish);
    }

    /** The answer; empty if there was none. */
    void answered(Wish wish, Optional<Grant> answer, Instant now) {
        asking = false;
        granted = now;
        if (answer.isEmpty()) {
            owed += wish.owed;
            notBefore = now.plus(RETRY);
            return;
        }
        Grant grant = answer.get();
        lag = Duration.between(wish.asked, now);
        waitsFor = grant.limit();
        notBefore = grant.units() == 0 ? now.plus(grant.first()) : Instant.MIN;
        for (int i = 0; i < grant.units(); i++) {
            times.addLast(now.plus(grant.first()).plus(grant.interval().multipliedBy(i)));
        }
        atOnce = grant.units() == wish.most ? Math.min(MOST_AT_ONCE, 2 * wish.most) : Math.max(1, grant.units());
    }

    /** Until when nothing may be sent, if that is so and known. */
    Optional<Instant> overUntil(Instant now) {
        if (limits.isEmpty() || available(now) > 0) {
            return Optional.empty();
        }
        return Optional.of(times.isEmpty() ? notBefore : times.getFirst()).filter(time -> time.isAfter(now));
    }

    /** The limit that it waits for. */
    Optional<RateLimits.Limit> waitsFor() {
        return waitsFor;
    }
}
