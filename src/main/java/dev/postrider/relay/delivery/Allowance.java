package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.relay.queue.SendingRates.Sharing;
import dev.postrider.route.RateLimits;
import dev.postrider.transport.Shares;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What this relay may send to one server by its rates: times at which one message, or recipient, may be sent. They are
 * taken of {@link dev.postrider.relay.queue.SendingRates} some at a time: one at first, and twice as many whenever they
 * were used up. Where namespaces share the hours and days of a server, each time is for the mail of one of them. Guarded
 * by {@link Turns}.
 */
final class Allowance {
    private static final int MOST_AT_ONCE = 100;
    private static final int LEAST_LATE = 4;
    /** How long the database is left alone that did not answer. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** In place of a namespace: of what is for anybody's mail. */
    static final String ANYBODY = "";
    /** For so many namespaces is asked at once. */
    private static final int MOST_NAMESPACES = 20;

    /** When one may be sent, and whose. */
    private record Slot(Instant time, String namespace) {
        boolean isFor(String other) {
            return namespace.equals(ANYBODY) || other.equals(ANYBODY) || namespace.equals(other);
        }
    }

    /** What was taken for one message. */
    static final class Taken {
        private static final Taken NOTHING = new Taken(ANYBODY);
        private final List<Slot> slots = new ArrayList<>();
        private final String namespace;
        private int owed;

        private Taken(String namespace) {
            this.namespace = namespace;
        }
    }

    /**
     * What to take of the rates, see {@link dev.postrider.relay.queue.SendingRates#take}.
     *
     * @param asked when
     */
    record Wish(RateLimits limits, int most, Map<String, Integer> owedOf, Optional<Sharing> sharing, Instant asked) {
        /** What all owe. */
        int owed() {
            return owedOf.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    /**
     * That a namespace has its share.
     *
     * @param until when it may have more
     * @param limit of which it has its share
     */
    record Full(Instant until, RateLimits.Limit limit) {}

    private final Deque<Slot> slots = new ArrayDeque<>();
    private final Map<String, Full> full = new HashMap<>();
    private final Map<String, Integer> owed = new HashMap<>();
    private Optional<RateLimits> limits = Optional.empty();
    private Optional<RateLimits.Limit> waitsFor = Optional.empty();
    private Instant granted = Instant.MIN;
    private Instant notBefore = Instant.MIN;
    /** Since when nothing may be sent, as long as that is so. */
    private Instant overSince = Instant.MIN;
    /** How late the answer may have come, by which these times are late already. */
    private Duration lag = Duration.ZERO;
    private boolean asking;
    private int atOnce = 1;

    /** Takes up the rates of the route. */
    void limitedBy(Optional<RateLimits> current) {
        if (!limits.equals(current)) {
            limits = current;
            notBefore = Instant.MIN;
            overSince = Instant.MIN;
            full.clear();
            if (current.isEmpty()) {
                slots.clear();
                owed.clear();
            }
        }
    }

    /** Whether there are limits by the hour or day, of which one namespace could have all. */
    boolean isCounted() {
        return limits.filter(some -> !some.counted().isEmpty()).isPresent();
    }

    /** How much may be sent now, of all. */
    int available(Instant now) {
        return available(ANYBODY, now);
    }

    /** How much of a namespace's mail may be sent now. */
    int available(String namespace, Instant now) {
        if (limits.isEmpty()) {
            return Integer.MAX_VALUE;
        }
        forgetLate(now);
        int available = 0;
        for (Slot slot : slots) {
            if (slot.time.isAfter(now)) {
                break;
            }
            available += slot.isFor(namespace) ? 1 : 0;
        }
        return available;
    }

    private void forgetLate(Instant now) {
        if (now.isBefore(granted)) {
            // The clock was set back, and nobody knows when these times are.
            slots.forEach(slot -> owe(slot.namespace, -1));
            slots.clear();
            full.clear();
            notBefore = Instant.MIN;
            granted = Instant.MIN;
        }
        Duration late = late();
        while (!slots.isEmpty() && slots.getFirst().time.plus(late).isBefore(now)) {
            owe(slots.removeFirst().namespace, -1);
            atOnce = 1;
        }
    }

    private void owe(String namespace, int more) {
        owed.merge(namespace, more, Integer::sum);
    }

    /** Not without anything left: while the database is slow, mail goes all the same. */
    private Duration late() {
        Duration late = limits.orElseThrow().late();
        Duration left = late.minus(lag);
        Duration least = late.dividedBy(LEAST_LATE);
        return left.compareTo(least) > 0 ? left : least;
    }

    /** Takes what one message of a namespace is at least; to be asked for only what is available. */
    Taken take(String namespace) {
        if (limits.isEmpty()) {
            return Taken.NOTHING;
        }
        var taken = new Taken(namespace);
        takeSlot(taken);
        return taken;
    }

    /** The next that is for it goes from here to what was taken. */
    private boolean takeSlot(Taken taken) {
        for (Iterator<Slot> all = slots.iterator(); all.hasNext();) {
            Slot slot = all.next();
            if (slot.isFor(taken.namespace)) {
                all.remove();
                return taken.slots.add(slot);
            }
        }
        return false;
    }

    /** The message goes to so many, in so many pieces: what that takes beyond the first, and is not there, is owed. */
    void charge(Taken taken, int recipients, int transactions) {
        if (taken == Taken.NOTHING || limits.isEmpty()) {
            return;
        }
        for (int more = limits.get().units(recipients, transactions) - 1; more > 0; more--) {
            if (!takeSlot(taken)) {
                taken.owed++;
                owe(taken.namespace, 1);
            }
        }
    }

    /** The message was not sent. */
    void giveBack(Taken taken) {
        if (taken != Taken.NOTHING && limits.isPresent()) {
            for (int i = taken.slots.size() - 1; i >= 0; i--) {
                slots.addFirst(taken.slots.get(i));
            }
            owe(taken.namespace, -taken.owed);
        }
    }

    /** What to ask for now: nothing while there is some, or the answer is awaited. */
    Optional<Wish> ask(Instant now) {
        return mayAsk(now) && slots.isEmpty() ? Optional.of(wish(Optional.empty(), now)) : Optional.empty();
    }

    /**
     * What to ask for now, of a server whose hours and days namespaces share: nothing while those that wait have some, or
     * their shares.
     *
     * @param waiting namespaces in the order of their turns
     */
    Optional<Wish> ask(Stream<String> waiting, Instant now) {
        // What is due in a moment is not added to: so relays come in turn.
        if (!mayAsk(now) || !slots.isEmpty() && slots.getLast().time.isAfter(now)) {
            return Optional.empty();
        }
        List<String> without = waiting.filter(namespace -> fullOf(namespace, now).isEmpty())
                .filter(namespace -> available(namespace, now) == 0)
                .limit(MOST_NAMESPACES)
                .toList();
        Map<String, Integer> known = new HashMap<>(owed);
        known.remove(ANYBODY);
        return without.isEmpty()
                ? Optional.empty()
                : Optional.of(wish(Optional.of(new Sharing(without, known, Shares::admitsOne)), now));
    }

    private boolean mayAsk(Instant now) {
        if (limits.isEmpty() || asking) {
            return false;
        }
        forgetLate(now);
        return !now.isBefore(notBefore);
    }

    private Wish wish(Optional<Sharing> sharing, Instant now) {
        asking = true;
        var wish = new Wish(limits.orElseThrow(), atOnce, Map.copyOf(owed), sharing, now);
        owed.clear();
        return wish;
    }

    /** The answer; empty if there was none. */
    void answered(Wish wish, Optional<Grant> answer, Instant now) {
        asking = false;
        granted = now;
        if (answer.isEmpty()) {
            wish.owedOf.forEach(this::owe);
            notBefore = now.plus(RETRY);
            return;
        }
        Grant grant = answer.get();
        lag = Duration.between(wish.asked, now);
        waitsFor = grant.limit();
        boolean over = grant.units() == 0 && grant.full().isEmpty();
        overSince = !over ? Instant.MIN : overSince.equals(Instant.MIN) ? now : overSince;
        notBefore = over ? now.plus(grant.first()) : Instant.MIN;
        full.values().removeIf(some -> !some.until.isAfter(now));
        grant.full()
                .forEach((namespace, share) -> full.put(namespace, new Full(now.plus(share.after()), share.limit())));
        for (int i = 0; i < grant.units(); i++) {
            slots.addLast(new Slot(now.plus(grant.first()).plus(grant.interval().multipliedBy(i)),
                    grant.to().isEmpty() ? ANYBODY : grant.to().get(i)));
        }
        atOnce = grant.units() == wish.most ? Math.min(MOST_AT_ONCE, 2 * wish.most) : Math.max(1, grant.units());
    }

    /** That a namespace has its share of what may be sent in an hour or a day, if that is so. */
    Optional<Full> fullOf(String namespace, Instant now) {
        return Optional.ofNullable(full.get(namespace)).filter(share -> share.until.isAfter(now));
    }

    /** When the next namespace that has its share may have more. */
    Optional<Instant> nextShare(Instant now) {
        return full.values().stream().map(Full::until).filter(until -> until.isAfter(now)).min(Instant::compareTo);
    }

    /** Since when nothing may be sent, where that is so. */
    Instant overSince() {
        return overSince;
    }

    /** Until when nothing may be sent, if that is so and known. */
    Optional<Instant> overUntil(Instant now) {
        if (limits.isEmpty() || available(now) > 0) {
            return Optional.empty();
        }
        return Optional.of(slots.isEmpty() ? notBefore : slots.getFirst().time).filter(time -> time.isAfter(now));
    }

    /** The limit that it waits for. */
    Optional<RateLimits.Limit> waitsFor() {
        return waitsFor;
    }
}
