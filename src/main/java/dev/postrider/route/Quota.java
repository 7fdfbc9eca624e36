package dev.postrider.route;

import dev.postrider.route.RateLimits.Unit;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much mail of an organization is taken in a time, by the clock and the calendar: an hour begins when a clock strikes,
 * a day at midnight, a month on its first day.
 *
 * @param perHour at most, 1 to 1,000,000; likewise the others up to their bounds in the schema
 * @param unit    what counts
 */
public record Quota(Optional<Integer> perHour, Optional<Integer> perDay, Optional<Integer> perMonth, Unit unit,
        WhenExceeded whenExceeded) {

    /** What becomes of mail that is more. */
    public enum WhenExceeded {
        /** It is refused, for now. */
        REFUSE,
        /** It is taken, and delivered when the next hour, day or month has room for it. */
        HOLD
    }

    /** For how long a limit is. */
    public enum Period {
        HOUR, DAY, MONTH;

        /** When the period began in which a time is. */
        public Instant start(Instant time, ZoneId zone) {
            return begin(time.atZone(zone)).toInstant();
        }

        /** When the period after that in which a time is begins. */
        public Instant end(Instant time, ZoneId zone) {
            ZonedDateTime begin = begin(time.atZone(zone));
            return switch (this) {
                case HOUR -> begin.plusHours(1).toInstant();
                case DAY -> begin.toLocalDate().plusDays(1).atStartOfDay(zone).toInstant();
                case MONTH -> begin.toLocalDate().plusMonths(1).atStartOfDay(zone).toInstant();
            };
        }

        private ZonedDateTime begin(ZonedDateTime time) {
            return switch (this) {
                case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
                case DAY -> time.toLocalDate().atStartOfDay(time.getZone());
                case MONTH -> time.toLocalDate().withDayOfMonth(1).atStartOfDay(time.getZone());
            };
        }
    }

    /** One limit, as people write it: {@code 100 messages an hour (spec.limits.perHour)}. */
    public record Limit(int most, Period period, Unit unit) {
        /** For people, as {@code 3 messages an hour (spec.limits.perHour)}. */
        public String text() {
            String name = period.name().toLowerCase(Locale.ROOT);
            return "%d %s %s %s (spec.limits.per%s)".formatted(most, unit, period == Period.HOUR ? "an" : "a", name,
                    name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1));
        }

        @Override
        public String toString() {
            return text();
        }
    }

    /** Its limits, the shortest first. */
    public List<Limit> limits() {
        return Stream.of(limit(perHour, Period.HOUR), limit(perDay, Period.DAY), limit(perMonth, Period.MONTH))
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<Limit> limit(Optional<Integer> most, Period period) {
        return most.map(number -> new Limit(number, period, unit));
    }

    /** How much a message to so many recipients is. */
    public int units(int recipients) {
        return unit == Unit.RECIPIENTS ? recipients : 1;
    }

    @Override
    public String toString() {
        return "Quota" + limits() + whenExceeded;
    }
}
