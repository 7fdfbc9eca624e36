package dev.postrider.plan;

import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.TimeZone;
import org.quartz.CronExpression;

/** When usage reports are due, and which days each is about. */
final class UsageSchedule {
    /** By then what happened on the day before is counted, also by a relay whose clock is behind. */
    private static final Duration SETTLING = Duration.ofMinutes(5);

    /** How far back the report before is looked for: first near, for most are; the last finds one of each leap day. */
    private static final List<Duration> LOOKING_BACK = List.of(Duration.ofDays(3), Duration.ofDays(70),
            Duration.ofDays(800), Duration.ofDays(3000));

    private final CronExpression cron;
    private final ZoneId zone;

    /** @throws ParseException if the expression is none; the message says where */
    UsageSchedule(String expression, ZoneId zone) throws ParseException {
        this.cron = new CronExpression(expression);
        this.zone = zone;
        cron.setTimeZone(TimeZone.getTimeZone(zone));
    }

    /** The first time after this one, if there ever is one. */
    @SuppressWarnings("JavaUtilDate") // What Quartz computes with.
    Optional<Instant> next(Instant after) {
        return Optional.ofNullable(cron.getNextValidTimeAfter(Date.from(after))).map(Date::toInstant);
    }

    /** The last time before this one. */
    private Optional<Instant> previous(Instant before) {
        for (Duration back : LOOKING_BACK) {
            Optional<Instant> last = Optional.empty();
            Optional<Instant> next = next(before.minus(back));
            while (next.isPresent() && next.get().isBefore(before)) {
                last = next;
                next = next(next.get());
            }
            if (last.isPresent()) {
                return last;
            }
        }
        return Optional.empty();
    }

    /** The last time whose report may be sent by now. */
    Optional<Instant> due(Instant now) {
        Optional<Instant> last = previous(now.plusMillis(1));
        return last.filter(time -> sentAt(time).isAfter(now)).isPresent() ? previous(last.get()) : last;
    }

    /** The times after one and before another. */
    long between(Instant after, Instant before) {
        long count = 0;
        for (Optional<Instant> next = next(after); next.isPresent() && next.get().isBefore(before); next = next(
                next.get())) {
            count++;
        }
        return count;
    }

    /** When a report is sent: not before its last day is counted. */
    Instant sentAt(Instant time) {
        Instant settled = day(time).atStartOfDay(zone).toInstant().plus(SETTLING);
        return time.isBefore(settled) ? settled : time;
    }

    /** The days between the report before and this one; a month if there is none before. */
    UsagePeriod period(Instant time) {
        LocalDate to = day(time);
        Optional<Instant> last = previous(time);
        LocalDate from = last.map(this::day).filter(day -> day.isBefore(to)).orElse(to.minusMonths(1));
        LocalDate before = last.flatMap(this::previous)
                .map(this::day)
                .filter(day -> day.isBefore(from))
                .orElse(from.minusDays(ChronoUnit.DAYS.between(from, to)));
        return new UsagePeriod(before, from, to);
    }

    private LocalDate day(Instant time) {
        return LocalDate.ofInstant(time, zone);
    }
}
