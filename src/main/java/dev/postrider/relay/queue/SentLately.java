package dev.postrider.relay.queue;

import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Limit;
import dev.postrider.route.RateLimits.Period;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What was sent to a server lately, and from that what may be sent now. Times are microseconds since 1970. For the limits
 * of seconds and minutes it knows when the next is due; whoever takes gets the next places in that row, even if these are
 * a little ahead, so that relays come in turn. For hours and days it counts by parts of these, and a part counts until
 * all of it is old enough. Not safe for threads.
 */
final class SentLately {
    /** So far ahead places are given. */
    private static final long AHEAD = 10_000_000;
    /** For so long places are taken at once. */
    private static final long AT_ONCE = 250_000;
    private static final int MOST_AT_ONCE = 100;
    private static final Map<Period, Integer> PARTS = Map.of(Period.HOUR, 60, Period.DAY, 96);

    private final Map<Period, NavigableMap<Long, Long>> counts = new EnumMap<>(Period.class);
    private long next;
    private long interval;
    private long seen;

    SentLately() {
        PARTS.keySet().forEach(period -> counts.put(period, new TreeMap<>()));
    }

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
            String[] part = words[i].split("[:=]", -1);
            read.parts(Period.valueOf(part[0])).put(Long.parseLong(part[1]), Long.parseLong(part[2]));
        }
        return read;
    }

    @Override
    public String toString() {
        List<String> words = new ArrayList<>(
                List.of(Long.toString(next), Long.toString(interval), Long.toString(seen)));
        counts.forEach((period, parts) -> parts.forEach((part, count) -> words.add(period + ":" + part + "=" + count)));
        return String.join(" ", words);
    }

    private NavigableMap<Long, Long> parts(Period period) {
        return counts.computeIfAbsent(period, _ -> new TreeMap<>());
    }

    private static int number(Period period) {
        return PARTS.getOrDefault(period, 1);
    }

    /** Takes some; see {@link SendingRates#take}. */
    Grant take(RateLimits limits, int most, int owed, long now) {
        followClock(now);
        followLimits(limits, now);
        if (owed > 0) {
            count(Math.max(next, now), owed);
            next = Math.max(next, now) + owed * interval;
        } else {
            counts.values().forEach(parts -> uncount(parts, -owed));
        }
        long first = Math.max(next, now);
        if (interval > 0 && first - now > Math.max(AHEAD, interval)) {
            return none(first - now - AHEAD, limits.pace());
        }
        long room = interval > 0 ? Math.max(1, AT_ONCE / interval) : MOST_AT_ONCE;
        room = Math.min(Math.min(room, MOST_AT_ONCE), most);
        for (Limit limit : limits.counted()) {
            long left = limit.most() - parts(limit.period()).values().stream().mapToLong(Long::longValue).sum();
            if (left <= 0) {
                return none(wait(limit, now), Optional.of(limit));
            }
            room = Math.min(room, left);
        }
        next = first + room * interval;
        count(next + micros(limits.late()), room);
        return new Grant((int) room, duration(first - now), duration(interval), limits.pace());
    }

    private static Grant none(long wait, Optional<Limit> limit) {
        return new Grant(0, duration(wait), Duration.ZERO, limit);
    }

    /** A clock that was set back must not keep mail waiting for as long as it was set back. */
    private void followClock(long now) {
        long back = seen - now;
        if (back > 0) {
            next -= back;
            counts.replaceAll((period, parts) -> {
                var moved = new TreeMap<Long, Long>();
                parts.forEach((part, count) -> moved.merge(part - back / part(period), count, Long::sum));
                return moved;
            });
        }
        seen = now;
        counts.forEach((period, parts) -> parts.headMap(now / part(period) - number(period)).clear());
    }

    /** What waits already is spread anew. */
    private void followLimits(RateLimits limits, long now) {
        long wanted = micros(limits.interval());
        if (wanted != interval && next > now) {
            next = interval == 0 ? now : now + (long) ((double) (next - now) * wanted / interval);
        }
        interval = wanted;
    }

    private void count(long time, long units) {
        counts.forEach((period, parts) -> parts.merge(time / part(period), units, Long::sum));
    }

    /** From the oldest, so that what remains counts for as long as it must, or longer. */
    private static void uncount(NavigableMap<Long, Long> parts, long units) {
        long left = units;
        while (left > 0 && !parts.isEmpty()) {
            Map.Entry<Long, Long> oldest = parts.pollFirstEntry();
            if (oldest.getValue() > left) {
                parts.put(oldest.getKey(), oldest.getValue() - left);
            }
            left -= oldest.getValue();
        }
    }

    /** Until so much is old that there is room for one. */
    private long wait(Limit limit, long now) {
        NavigableMap<Long, Long> parts = parts(limit.period());
        long used = parts.values().stream().mapToLong(Long::longValue).sum();
        for (Map.Entry<Long, Long> part : parts.entrySet()) {
            used -= part.getValue();
            if (used < limit.most()) {
                return (part.getKey() + 1 + number(limit.period())) * part(limit.period()) - now;
            }
        }
        return part(limit.period());
    }

    private static long part(Period period) {
        return micros(period.length()) / number(period);
    }

    private static long micros(Duration duration) {
        return TimeUnit.NANOSECONDS.toMicros(duration.toNanos());
    }

    private static Duration duration(long micros) {
        return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros));
    }
}
