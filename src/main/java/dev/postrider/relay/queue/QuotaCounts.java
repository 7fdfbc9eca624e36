package dev.postrider.relay.queue;

import dev.postrider.relay.queue.Quotas.Answer;
import dev.postrider.relay.queue.Quotas.Exceeded;
import dev.postrider.relay.queue.Quotas.Taken;
import dev.postrider.relay.queue.Quotas.Use;
import dev.postrider.route.Quota;
import dev.postrider.route.Quota.Limit;
import dev.postrider.route.Quota.Period;
import dev.postrider.route.Quota.WhenExceeded;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an organization has submitted in the present hour, day and month, and what of its mail is to be delivered in later
 * ones. Not safe for threads.
 */
final class QuotaCounts {
    private final Map<Period, NavigableMap<Long, Long>> counts = new EnumMap<>(Period.class);

    QuotaCounts() {
        for (Period period : Period.values()) {
            counts.put(period, new TreeMap<>());
        }
    }

    /** From the text that {@link #toString} wrote. */
    static QuotaCounts parse(String text) {
        var read = new QuotaCounts();
        for (String word : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            String[] part = word.split("[:=]", -1);
            read.parts(Period.valueOf(part[0])).put(Long.parseLong(part[1]), Long.parseLong(part[2]));
        }
        return read;
    }

    @Override
    public String toString() {
        List<String> words = new ArrayList<>();
        counts.forEach((period, parts) -> parts
                .forEach((start, count) -> words.add(period + ":" + start + "=" + count)));
        return String.join(" ", words);
    }

    private NavigableMap<Long, Long> parts(Period period) {
        return counts.computeIfAbsent(period, _ -> new TreeMap<>());
    }

    /** What was counted elsewhere before. */
    void begin(Period period, Instant now, ZoneId zone, long used) {
        parts(period).put(period.start(now, zone).getEpochSecond(), used);
    }

    /** Counts a message; see {@link Quotas#take}. */
    Answer take(Quota quota, ZoneId zone, int units, Instant now) {
        forgetOld(zone, now);
        Instant due = now;
        for (Optional<Limit> full = full(quota, zone, units, due); full.isPresent(); full = full(quota, zone, units,
                due)) {
            Limit limit = full.get();
            if (units > limit.most()) {
                return new Exceeded(limit, Optional.empty());
            }
            due = limit.period().end(due, zone);
            if (quota.whenExceeded() == WhenExceeded.REFUSE || due.isAfter(now.plus(Quotas.LONGEST_HOLD))) {
                return new Exceeded(limit, Optional.of(due));
            }
        }
        List<Use> before = used(quota, zone, now);
        add(zone, due, units);
        List<Use> after = used(quota, zone, now);
        List<Use> reached = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) {
            if (after.get(i).level() > before.get(i).level()) {
                reached.add(after.get(i));
            }
        }
        return new Taken(due, due.isAfter(now), units, reached);
    }

    /** A limit that has no room at a time. */
    private Optional<Limit> full(Quota quota, ZoneId zone, int units, Instant time) {
        return quota.limits()
                .stream()
                .filter(limit -> count(limit.period(), zone, time) + units > limit.most())
                .findFirst();
    }

    private long count(Period period, ZoneId zone, Instant time) {
        return parts(period).getOrDefault(period.start(time, zone).getEpochSecond(), 0L);
    }

    /** Counts so much more, or less, at a time. */
    void add(ZoneId zone, Instant time, int units) {
        counts.forEach((period, parts) -> parts.merge(period.start(time, zone).getEpochSecond(), (long) units,
                (one, two) -> Math.max(0, one + two)));
    }

    /** How much is used up now. */
    List<Use> used(Quota quota, ZoneId zone, Instant now) {
        return quota.limits()
                .stream()
                .map(limit -> new Use(limit, count(limit.period(), zone, now), limit.period().end(now, zone)))
                .toList();
    }

    private void forgetOld(ZoneId zone, Instant now) {
        counts.forEach((period, parts) -> parts.headMap(period.start(now, zone).getEpochSecond()).clear());
    }
}
