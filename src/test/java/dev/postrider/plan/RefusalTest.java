package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a refused write is tried again. */
final class RefusalTest {
    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");

    @ParameterizedTest
    @CsvSource(textBlock = """
            told for, tried again in
            0,        2
            1,        2
            2,        2
            7,        7
            45,       45
            60,       60
            86400,    60
            """, useHeadersInDisplayName = true)
    void itIsTriedAgainAsSeldomAsItIsOldUpToOnceAMinute(long age, long wait) {
        assertThat(Refusal.nextAttempt(told(Status.False, "Refused", age), NOW))
                .contains(NOW.plus(Duration.ofSeconds(wait)));
    }

    @Test
    void nothingElseIsTriedAgainForIt() {
        assertThat(Refusal.nextAttempt(told(Status.False, "SecretExists", 5), NOW)).isEqualTo(Optional.empty());
        assertThat(Refusal.nextAttempt(told(Status.True, "Written", 5), NOW)).isEqualTo(Optional.empty());
    }

    private static Condition told(Status status, String reason, long age) {
        return new Condition("BindingReady", status, reason, "", NOW.minusSeconds(age).toString(), 1);
    }
}
