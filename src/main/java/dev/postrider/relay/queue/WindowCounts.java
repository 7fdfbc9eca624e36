package dev.postrider.relay.queue;

import dev.postrider.route.RateLimits.Period;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What was sent in the last hour and the last day, by parts of these; a part counts until all of it is old enough. Times
 * are microseconds since 1970. Not safe for threads.
 */
final class WindowCounts {
    private static final Map<Period, Integer> PARTS = Map.of(Period.HOUR, 60, Period.DAY, 96);

    private final Map<Period, NavigableMap<Long, Long>> counts = new EnumMap<>(Period.class);

    WindowCounts() {
        PARTS.keySet().forEach(period -> counts.put(period, new TreeMap<>()));
    }

    /** From the text that {@link #toString} wrote; empty where nothing was sent. */
    static WindowCounts parse(String text) {
        var read = new WindowCounts();
        for (String word : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            read.read(word);
        }
        return read;
    }

    @Override
    public String toString() {
        return String.join(" ", words());
    }

    /** Adds what one of {@link #words} says. */
    void read(String word) {
        String[] part = word.split("[:=]", -1);
        parts(Period.valueOf(part[0])).put(Long.parseLong(part[1]), Long.parseLong(part[2]));
    }

    /** What {@link #read} understands, a word for each part. */
    List<String> words() {
        List<String> words = new ArrayList<>();
        counts.forEach((period, parts) -> parts.forEach((part, count) -> words.add(period + ":" + part + "=" + count)));
        return words;
    }

    private NavigableMap<Long, Long> parts(Period period) {
        return counts.computeIfAbsent(period, _ -> new TreeMap<>());
    }

    private static int number(Period period) {
        return PARTS.getOrDefault(period, 1);
    }

    private static long part(Period period) {
        return micros(period.length()) / number(period);
    }

    static long micros(Duration duration) {
        return TimeUnit.NANOSECONDS.toMicros(duration.toNanos());
    }

    /** All that counts now. */
    long sum(Period period) {
        return sum(parts(period));
    }

    /** What counts once a part is old enough, and those before it. */
    long sumAfter(Period period, long part) {
        return sum(parts(period).tailMap(part, false));
    }

    private static long sum(NavigableMap<Long, Long> parts) {
        return parts.values().stream().mapToLong(Long::longValue).sum();
    }

    void add(long time, long units) {
        counts.forEach((period, parts) -> parts.merge(time / part(period), units, Long::sum));
    }

    /** From the oldest, so that what remains counts for as long as it must, or longer. */
    void takeBack(long units) {
        counts.values().forEach(parts -> takeBack(parts, units));
    }

    private static void takeBack(NavigableMap<Long, Long> parts, long units) {
        long left = units;
        while (left > 0 && !parts.isEmpty()) {
            Map.Entry<Long, Long> oldest = parts.pollFirstEntry();
            if (oldest.getValue() > left) {
                parts.put(oldest.getKey(), oldest.getValue() - left);
            }
            left -= oldest.getValue();
        }
    }

    void forgetOld(long now) {
        counts.forEach((period, parts) -> parts.headMap(now / part(period) - number(period)).clear());
    }

    /** The clock was set back by so much. */
    void moveBack(long micros) {
        counts.replaceAll((period, parts) -> {
            var moved = new TreeMap<Long, Long>();
            parts.forEach((part, count) -> moved.merge(part - micros / part(period), count, Long::sum));
            return moved;
        });
    }

    /** What is in the future was counted before the clock was set back, and counts as sent just now. */
    void moveFuture(long now) {
        counts.forEach((period, parts) -> {
            NavigableMap<Long, Long> future = parts.tailMap(now / part(period), false);
            long units = sum(future);
            if (units > 0) {
                future.clear();
                parts.merge(now / part(period), units, Long::sum);
            }
        });
    }

    /** Whether there is room. */
    @FunctionalInterface
    interface Room {
        /**
         * Whether there is.
         *
         * @param left what still counts
         * @param gone the last part that does not count any more
         */
        boolean isThere(long left, long gone);
    }

    /** In how long so much is old that there is room, if nothing more is sent. */
    long wait(Period period, long now, Room room) {
        long left = sum(period);
        for (Map.Entry<Long, Long> part : parts(period).entrySet()) {
            left -= part.getValue();
            if (room.isThere(left, part.getKey())) {
                return (part.getKey() + 1 + number(period)) * part(period) - now;
            }
        }
        return part(period);
    }
}
