package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Period;
import dev.postrider.route.RateLimits.Unit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may be sent by what was sent lately; the clock is played. */
@Tag("delivery-world")
final class SentLatelyTest {
    private static final long SECOND = 1_000_000;
    private static final long NOON = 1_800_000_000L * SECOND;

    private SentLately sent = new SentLately();

    private static RateLimits limits(int second, int minute, int hour, int day) {
        return new RateLimits(some(second), some(minute), some(hour), some(day), Unit.MESSAGES);
    }

    private static Optional<Integer> some(int number) {
        return number == 0 ? Optional.empty() : Optional.of(number);
    }

    /** Takes, after what was stored was read again. */
    private Grant take(RateLimits limits, int most, int owed, long now) {
        sent = SentLately.parse(sent.toString());
        return sent.take(limits, most, owed, now);
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1000;
    }

    /**
     * Somebody who sends as fast as they may, each time as late as they may: in no period is more sent than its limit,
     * and over the whole time most of what the limits allow.
     */
    @ParameterizedTest
    @CsvSource({"14,0,0,0", "1,0,0,0", "100,0,0,0", "0,30,0,0", "0,1,0,0", "5,100,0,0", "0,0,100,0", "0,0,0,500",
            "0,30,500,2000", "10,0,1000,5000"})
    void inNoPeriodIsMoreSentThanItsLimit(int second, int minute, int hour, int day) {
        var limits = limits(second, minute, hour, day);
        var random = new Random(7);
        List<Long> times = new ArrayList<>();
        long now = NOON;
        long end = NOON + (day > 0 ? 27 * 3600L : hour > 0 ? 5 * 3600L : minute > 0 ? 600 : 20) * SECOND;
        while (now < end) {
            Grant grant = take(limits, 1 + random.nextInt(20), 0, now);
            long first = now + micros(grant.first());
            for (int i = 0; i < grant.units(); i++) {
                now = first + i * micros(grant.interval()) + random.nextInt(2) * micros(limits.late());
                times.add(now);
            }
            now = Math.max(grant.units() == 0 ? first : now, now) + 1;
        }
        long most = Long.MAX_VALUE;
        Map<Period, Integer> limited = Map.of(Period.SECOND, second, Period.MINUTE, minute, Period.HOUR, hour,
                Period.DAY,
                day);
        for (Period period : Period.values()) {
            int limit = limited.getOrDefault(period, 0);
            if (limit > 0) {
                long length = micros(period.length());
                assertThat(mostIn(length, times)).describedAs("messages in a " + period).isLessThanOrEqualTo(limit);
                most = Math.min(most, Math.max(1, (end - NOON) / length) * limit);
            }
        }
        assertThat(times.size()).isGreaterThanOrEqualTo((int) (most * 0.75));
    }

    private static int mostIn(long length, List<Long> times) {
        Deque<Long> recent = new ArrayDeque<>();
        int most = 0;
        for (long time : times.stream().sorted().toList()) {
            while (!recent.isEmpty() && recent.getFirst() <= time - length) {
                recent.removeFirst();
            }
            recent.addLast(time);
            most = Math.max(most, recent.size());
        }
        return most;
    }

    @Test
    void thirtyAMinuteAreSpreadOverIt() {
        var limits = limits(0, 30, 0, 0);
        assertThat(take(limits, 1, 0, NOON).first()).isEqualTo(Duration.ZERO);
        assertThat(take(limits, 1, 0, NOON).first()).isEqualTo(Duration.ofMillis(2100));
        assertThat(take(limits, 50, 0, NOON).units()).isOne();
    }

    @Test
    void placesAreGivenALittleAheadSoThatRelaysComeInTurn() {
        var limits = limits(0, 30, 0, 0);
        for (int i = 0; i < 5; i++) {
            assertThat(take(limits, 1, 0, NOON).units()).isOne();
        }
        Grant late = take(limits, 1, 0, NOON);
        assertThat(late.units()).isZero();
        assertThat(late.first()).isEqualTo(Duration.ofMillis(500));
        assertThat(late.limit()).get().hasToString("30 messages a minute");
    }

    /** It passed midnight, or the relay was started again: neither begins a new day. */
    @Test
    void aDayIsTwentyFourHoursAndNotADate() {
        var limits = limits(0, 0, 0, 10);
        assertThat(take(limits, 50, 0, NOON).units()).isEqualTo(10);
        long tomorrow = NOON + 23 * 3600 * SECOND;
        Grant none = take(limits, 1, 0, tomorrow);
        assertThat(none.units()).isZero();
        assertThat(none.limit()).get().hasToString("10 messages a day");
        assertThat(take(limits, 50, 0, tomorrow + micros(none.first())).units()).isEqualTo(10);
    }

    @Test
    void whatWasNotSentMayBeSentLater() {
        var limits = limits(0, 0, 0, 10);
        assertThat(take(limits, 10, 0, NOON).units()).isEqualTo(10);
        assertThat(take(limits, 10, -7, NOON + SECOND).units()).isEqualTo(7);
        assertThat(take(limits, 10, 0, NOON + 2 * SECOND).units()).isZero();
    }

    @Test
    void aMessageToManyIsPaidForBeforeTheNext() {
        var limits = new RateLimits(Optional.of(10), Optional.empty(), Optional.empty(), Optional.of(100),
                Unit.RECIPIENTS);
        take(limits, 1, 0, NOON);
        // It went to 60.
        Grant next = take(limits, 1, 59, NOON);
        assertThat(next.first()).isEqualTo(Duration.ofMillis(60 * 105));
        assertThat(take(limits, 100, 39, NOON + 20 * SECOND).limit()).get().hasToString("100 recipients a day");
    }

    @Test
    void aClockThatIsSetBackKeepsNothingWaitingForAsLong() {
        var limits = limits(0, 1, 0, 10);
        take(limits, 1, 0, NOON);
        long back = NOON - 400L * 24 * 3600 * SECOND;
        assertThat(take(limits, 1, 0, back).first()).isLessThanOrEqualTo(Duration.ofSeconds(63));
        var counted = limits(0, 0, 0, 1);
        assertThat(take(counted, 1, 0, back).first()).isLessThan(Duration.ofHours(25));
    }

    @Test
    void aLimitThatIsLoweredCountsWhatWasSentBefore() {
        assertThat(take(limits(0, 0, 0, 50), 50, 0, NOON).units()).isEqualTo(50);
        assertThat(take(limits(0, 0, 0, 20), 50, 0, NOON + SECOND).units()).isZero();
        assertThat(take(limits(0, 0, 0, 80), 50, 0, NOON + SECOND).units()).isEqualTo(30);
    }

    @Test
    void aPaceThatIsRaisedCountsForWhatWaitsAlready() {
        take(limits(0, 1, 0, 0), 1, 0, NOON);
        assertThat(take(limits(0, 60, 0, 0), 1, 0, NOON).first()).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void howMuchIsStoredIsBounded() {
        var limits = limits(0, 0, 1_000_000, 10_000_000);
        for (int i = 0; i < 26 * 60; i++) {
            take(limits, 100, 0, NOON + i * 60L * SECOND);
        }
        assertThat(sent.toString().length()).isLessThan(6000);
    }
}
