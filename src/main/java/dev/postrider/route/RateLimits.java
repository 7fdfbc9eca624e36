package dev.postrider.route;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much a server takes in a time, from all relays together. Seconds and minutes are paced: what is sent is spread
 * evenly over them. Hours and days are counted: in no period of that length is more sent, whenever it begins.
 *
 * @param perSecond at most, 1 to 10,000; likewise the others up to their bounds in the schema
 * @param unit      what counts
 */
public record RateLimits(Optional<Integer> perSecond, Optional<Integer> perMinute, Optional<Integer> perHour,
        Optional<Integer> perDay, Unit unit) {
    /** A twentieth of a paced period is left for what is sent a little late, so that the limit holds all the same. */
    private static final int LATE = 20;

    /** What counts. */
    public enum Unit {
        MESSAGES, RECIPIENTS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** For how long a limit is. */
    public enum Period {
        SECOND(Duration.ofSeconds(1)), MINUTE(Duration.ofMinutes(1)), HOUR(Duration.ofHours(1)), DAY(
                Duration.ofDays(1));

        private final Duration length;

        Period(Duration length) {
            this.length = length;
        }

        /** A second to a day. */
        public Duration length() {
            return length;
        }
    }

    /** One limit, as people write it: {@code 30 messages a minute}. */
    public record Limit(int most, Period period, Unit unit) {
        /** For people, as {@code 30 messages a minute}. */
        public String text() {
            String one = unit.toString().substring(0, unit.toString().length() - 1);
            return "%d %s %s %s".formatted(most, most == 1 ? one : unit, period == Period.HOUR ? "an" : "a",
                    period.name().toLowerCase(Locale.ROOT));
        }

        @Override
        public String toString() {
            return text();
        }

        private Duration late() {
            return period.length.dividedBy(LATE);
        }

        private Duration interval() {
            return period.length.plus(late()).dividedBy(most);
        }
    }

    /** What is sent only after an interval: the limit by a second or a minute that asks for the longest one. */
    public Optional<Limit> pace() {
        return Stream.of(limit(perSecond, Period.SECOND), limit(perMinute, Period.MINUTE))
                .flatMap(Optional::stream)
                .max(Comparator.comparing(Limit::interval));
    }

    /** How long after one the next may be sent; zero where nothing is paced. */
    public Duration interval() {
        return pace().map(Limit::interval).orElse(Duration.ZERO);
    }

    /** So late at most may be sent what was due at a time; a second where nothing is paced. */
    public Duration late() {
        return Stream.of(limit(perSecond, Period.SECOND), limit(perMinute, Period.MINUTE))
                .flatMap(Optional::stream)
                .map(Limit::late)
                .min(Comparator.naturalOrder())
                .orElse(Duration.ofSeconds(1));
    }

    /** What is counted: the limits by an hour and a day. */
    public List<Limit> counted() {
        return Stream.of(limit(perHour, Period.HOUR), limit(perDay, Period.DAY)).flatMap(Optional::stream).toList();
    }

    /** How much a message to so many recipients is, that is handed over so many times. */
    public int units(int recipients, int transactions) {
        return unit == Unit.RECIPIENTS ? recipients : transactions;
    }

    private Optional<Limit> limit(Optional<Integer> most, Period period) {
        return most.map(number -> new Limit(number, period, unit));
    }

    @Override
    public String toString() {
        return "rates=" + Stream.concat(Stream.of(limit(perSecond, Period.SECOND), limit(perMinute, Period.MINUTE))
                .flatMap(Optional::stream), counted().stream()).toList();
    }
}
