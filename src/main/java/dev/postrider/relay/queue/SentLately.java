package dev.postrider.relay.queue;

import dev.postrider.relay.queue.SendingRates.Full;
import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What was sent to a server lately, and from that what may be sent now. Times are microseconds since 1970. For the limits
 * of seconds and minutes it knows when the next is due; whoever takes gets the next places in that row, even if these are
 * a little ahead, so that relays come in turn. For hours and days it counts, see {@link WindowCounts}. Not safe for
 * threads.
 */
final class SentLately {
    /** So far ahead places are given. */
    private static final long AHEAD = 10_000_000;
    /** For so long places are taken at once. */
    private static final long AT_ONCE = 250_000;
    private static final int MOST_AT_ONCE = 100;

    private final WindowCounts counts = new WindowCounts();
    private long next;
    private long interval;
    private long seen;

    /** From the text that {@link #toString} wrote; empty for a server of which nothing is known. */
    static SentLately parse(String text) {
        var read = new SentLately();
        if (text.isEmpty()) {
            return read;
        }
        String[] words = text.split(" ", -1);
        read.next = Long.parseLong(words[0]);
        read.interval = Long.parseLong(words[1]);
        read.seen = Long.parseLong(words[2]);
        for (int i = 3; i < words.length; i++) {
            read.counts.read(words[i]);
        }
        return read;
    }

    @Override
    public String toString() {
        List<String> words = new ArrayList<>(
                List.of(Long.toString(next), Long.toString(interval), Long.toString(seen)));
        words.addAll(counts.words());
        return String.join(" ", words);
    }

    /** Takes some, for anybody; see {@link SendingRates#take}. */
    Grant take(RateLimits limits, int most, int owed, long now) {
        return take(limits, most, owed, now, Optional.empty());
    }

    /** Takes some; see {@link SendingRates#take}. */
    Grant take(RateLimits limits, int most, int owed, long now, Optional<NamespaceShares> shares) {
        followClock(now);
        followLimits(limits, now);
        shares.ifPresent(some -> some.settle(now));
        if (owed > 0) {
            counts.add(Math.max(next, now), owed);
            next = Math.max(next, now) + owed * interval;
        } else {
            counts.takeBack(-owed);
        }
        long first = Math.max(next, now);
        if (interval > 0 && first - now > Math.max(AHEAD, interval)) {
            return none(first - now - AHEAD, limits.pace());
        }
        long room = interval > 0 ? Math.max(1, AT_ONCE / interval) : MOST_AT_ONCE;
        room = Math.min(Math.min(room, MOST_AT_ONCE), most);
        for (Limit limit : limits.counted()) {
            long left = limit.most() - counts.sum(limit.period());
            if (left <= 0) {
                return none(counts.wait(limit.period(), now, (used, _) -> used < limit.most()), Optional.of(limit));
            }
            room = Math.min(room, left);
        }
        List<String> to = List.of();
        if (shares.isPresent()) {
            to = shares.get().divide(limits.counted(), counts, room, now);
            room = to.size();
        }
        if (room > 0) {
            next = first + room * interval;
            counts.add(next + WindowCounts.micros(limits.late()), room);
        }
        List<String> given = to;
        Map<String, Full> full = shares.map(some -> some.full(limits.counted(), counts, given, now)).orElse(Map.of());
        return room == 0
                ? new Grant(0, Duration.ZERO, Duration.ZERO, limits.pace(), to, full)
                : new Grant((int) room, duration(first - now), duration(interval), limits.pace(), to, full);
    }

    private static Grant none(long wait, Optional<Limit> limit) {
        return new Grant(0, duration(wait), Duration.ZERO, limit);
    }

    /** A clock that was set back must not keep mail waiting for as long as it was set back. */
    private void followClock(long now) {
        long back = seen - now;
        if (back > 0) {
            next -= back;
            counts.moveBack(back);
        }
        seen = now;
        counts.forgetOld(now);
    }

    /** What waits already is spread anew. */
    private void followLimits(RateLimits limits, long now) {
        long wanted = WindowCounts.micros(limits.interval());
        if (wanted != interval && next > now) {
            next = interval == 0 ? now : now + (long) ((double) (next - now) * wanted / interval);
        }
        interval = wanted;
    }

    private static Duration duration(long micros) {
        return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros));
    }
}
