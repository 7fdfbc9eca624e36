package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.Quotas.Exceeded;
import dev.postrider.relay.queue.Quotas.Taken;
import dev.postrider.relay.queue.Quotas.Use;
import dev.postrider.route.Quota;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.RateLimits.Unit;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hours, days and months of an organization; the clock is played. */
@Tag("delivery-world")
final class QuotaCountsTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Instant NOW = Instant.parse("2026-11-30T20:30:00Z");

    private final QuotaCounts counts = new QuotaCounts();

    private static Quota quota(int hour, int day, int month, WhenExceeded whenExceeded) {
        return new Quota(some(hour), some(day), some(month), Unit.MESSAGES, whenExceeded);
    }

    private static Optional<Integer> some(int number) {
        return number == 0 ? Optional.empty() : Optional.of(number);
    }

    /** The day and the month end at midnight in Berlin. */
    @ParameterizedTest
    @CsvSource({"1,0,0,2026-11-30T21:00:00Z,spec.limits.perHour", "0,1,0,2026-11-30T23:00:00Z,spec.limits.perDay",
            "0,0,1,2026-11-30T23:00:00Z,spec.limits.perMonth", "5,1,0,2026-11-30T23:00:00Z,spec.limits.perDay"})
    void aLimitEndsByTheClockAndTheCalendar(int hour, int day, int month, String until, String field) {
        Quota quota = quota(hour, day, month, WhenExceeded.REFUSE);
        assertThat(counts.take(quota, BERLIN, 1, NOW)).isInstanceOf(Taken.class);
        assertThat(counts.take(quota, BERLIN, 1, NOW)).isInstanceOfSatisfying(Exceeded.class, exceeded -> {
            assertThat(exceeded.until()).hasValue(Instant.parse(until));
            assertThat(exceeded.limit().toString()).contains(field);
        });
        assertThat(counts.take(quota, BERLIN, 1, Instant.parse(until))).isInstanceOf(Taken.class);
    }

    @Test
    void whatIsHeldTakesUpLaterPeriodsAndWhatWaitsForTooLongIsRefused() {
        Quota quota = quota(2, 5, 0, WhenExceeded.HOLD);
        List<String> due = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            due.add(((Taken) counts.take(quota, BERLIN, 1, NOW)).due().toString());
        }
        assertThat(due).containsExactly("2026-11-30T20:30:00Z", "2026-11-30T20:30:00Z", "2026-11-30T21:00:00Z",
                "2026-11-30T21:00:00Z", "2026-11-30T22:00:00Z", "2026-11-30T23:00:00Z", "2026-11-30T23:00:00Z",
                "2026-12-01T00:00:00Z");
        for (int i = 0; i < 7 + 5; i++) {
            counts.take(quota, BERLIN, 1, NOW);
        }
        assertThat(counts.take(quota, BERLIN, 1, NOW)).isInstanceOf(Exceeded.class);
        assertThat(counts.toString().length()).isLessThan(2000);
    }

    @Test
    void eightyPercentAndAllOfItAreToldOnceInEachPeriod() {
        Quota quota = quota(5, 0, 0, WhenExceeded.HOLD);
        List<Integer> told = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            told.addAll(((Taken) counts.take(quota, BERLIN, 1, NOW)).reached().stream().map(Use::level).toList());
        }
        assertThat(told).containsExactly(80, 100);
        Instant next = NOW.plusSeconds(3600);
        // Four of this hour were held before.
        assertThat(counts.used(quota, BERLIN, next).getFirst().used()).isEqualTo(4);
        assertThat(((Taken) counts.take(quota, BERLIN, 1, next)).reached().getFirst().level()).isEqualTo(100);
    }

    @Test
    void aClockThatIsSetBackMakesNoRoom() {
        Quota quota = quota(0, 2, 0, WhenExceeded.REFUSE);
        counts.take(quota, BERLIN, 2, NOW);
        assertThat(counts.take(quota, BERLIN, 1, NOW.minusSeconds(3600))).isInstanceOf(Exceeded.class);
    }

    @Test
    void isReadAsItWasWritten() {
        counts.take(quota(2, 5, 9, WhenExceeded.HOLD), BERLIN, 3, NOW);
        assertThat(QuotaCounts.parse(counts.toString())).hasToString(counts.toString());
        assertThat(QuotaCounts.parse("")).hasToString("");
    }
}
