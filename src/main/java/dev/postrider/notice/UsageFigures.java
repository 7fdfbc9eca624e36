package dev.postrider.notice;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The sums of a usage report.
 *
 * @param classes by class; empty text for mail without one
 * @param servers by server
 * @param bounces what bounced, by what the server's reply was about; empty text for the rest
 * @param bars    mails that were accepted, in equal parts of the period: days, if these are not too many for a picture
 */
record UsageFigures(Pair total, Map<String, Pair> classes, Map<String, Pair> servers, Map<String, Pair> bounces,
        List<Bar> bars) {
    private static final int MOST_BARS = 31;
    /** The class of replies that say nothing: to people the same as none. */
    private static final String UNCLEAR = "Other";

    /** The counts of this period and of the one before. */
    record Pair(MailCounts now, MailCounts before) {
        static final Pair NONE = new Pair(MailCounts.NONE, MailCounts.NONE);

        Pair plus(MailCounts more, boolean current) {
            return current ? new Pair(now.plus(more), before) : new Pair(now, before.plus(more));
        }

        Pair plus(Pair more) {
            return new Pair(now.plus(more.now), before.plus(more.before));
        }
    }

    /** @param first day that it stands for */
    record Bar(LocalDate first, long accepted) {}

    static UsageFigures of(UsageReportContent content) {
        return new UsageFigures(sums(content, _ -> Optional.of("")).getOrDefault("", Pair.NONE),
                sums(content, day -> Optional.of(day.mailClass().orElse(""))),
                sums(content, day -> day.server().map(Object::toString)), bounces(content), bars(content));
    }

    private static Map<String, Pair> sums(UsageReportContent content, Function<DailyCounts, Optional<String>> name) {
        Map<String, Pair> sums = new TreeMap<>();
        for (DailyCounts day : content.days()) {
            name.apply(day)
                    .ifPresent(key -> sums.put(key, sums.getOrDefault(key, Pair.NONE)
                            .plus(day.counts(), !day.day().isBefore(content.from()))));
        }
        return sums;
    }

    private static Map<String, Pair> bounces(UsageReportContent content) {
        Map<String, Pair> sums = new TreeMap<>();
        for (DailyCounts day : content.days()) {
            boolean current = !day.day().isBefore(content.from());
            long rest = day.counts().bounced();
            for (Map.Entry<String, Long> bounces : day.counts().bounces().entrySet()) {
                rest -= bounces.getValue();
                sums.merge(bounces.getKey().equals(UNCLEAR) ? "" : bounces.getKey(),
                        Pair.NONE.plus(MailCounts.bounced(bounces.getValue()), current),
                        Pair::plus);
            }
            if (rest > 0) {
                sums.merge("", Pair.NONE.plus(MailCounts.bounced(rest), current), Pair::plus);
            }
        }
        // Without any class it would say no more than the sum of all bounces.
        return sums.keySet().equals(Set.of("")) ? Map.of() : sums;
    }

    private static List<Bar> bars(UsageReportContent content) {
        int days = Math.toIntExact(ChronoUnit.DAYS.between(content.from(), content.to()));
        int each = (days + MOST_BARS - 1) / MOST_BARS;
        List<Bar> bars = new ArrayList<>();
        for (LocalDate first = content.from(); first.isBefore(content.to()); first = first.plusDays(each)) {
            LocalDate start = first;
            LocalDate end = first.plusDays(each);
            bars.add(new Bar(start, content.days()
                    .stream()
                    .filter(day -> !day.day().isBefore(start) && day.day().isBefore(end))
                    .mapToLong(day -> day.counts().accepted())
                    .sum()));
        }
        return bars;
    }
}
