package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("relay")
final class CircuitBreakerTest {
    private static final Verdict.Refused WHY = new Verdict.Refused(Step.Connection, false, Optional.empty(), "no");

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private int mostFailures = 3;
    private final CircuitBreaker breaker = new CircuitBreaker(() -> mostFailures,
            () -> DeliverySettings.of("relay.test"));

    private void fail() {
        boolean probe = breaker.begin();
        breaker.failed(probe, WHY, now);
    }

    @Test
    void opensAfterThreeFailuresInARow() {
        fail();
        fail();
        breaker.succeeded(false);
        fail();
        fail();
        assertThat(breaker.state(now)).isEqualTo(State.CLOSED);
        fail();
        assertThat(breaker.state(now)).isEqualTo(State.OPEN);
        assertThat(breaker.admits(now)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000})
    void opensAfterAsManyAsItIsTold(int most) {
        mostFailures = most;
        for (int i = 1; i < most; i++) {
            fail();
        }
        assertThat(breaker.state(now)).isEqualTo(State.CLOSED);
        fail();
        assertThat(breaker.state(now)).isEqualTo(State.OPEN);
    }

    @Test
    void opensAtOnceWhereItFailedForAll() {
        mostFailures = 1000;
        breaker.failedForAll(breaker.begin(), WHY, now);
        assertThat(breaker.restsUntil()).isEqualTo(now.plusSeconds(30));
        assertThat(breaker.lastFailure()).contains(WHY);
    }

    @Test
    void restsTwiceAsLongEachTimeUpToTenMinutes() {
        for (int i = 0; i < 3; i++) {
            fail();
        }
        List<Long> rests = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            rests.add(Duration.between(now, breaker.restsUntil()).toSeconds());
            now = breaker.restsUntil();
            fail();
        }
        assertThat(rests).containsExactly(30L, 60L, 120L, 240L, 480L, 600L, 600L);
    }

    @Test
    void letsOneAttemptThroughWhenHalfOpen() {
        for (int i = 0; i < 3; i++) {
            fail();
        }
        now = breaker.restsUntil();
        assertThat(breaker.state(now)).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.begin()).isTrue();
        assertThat(breaker.admits(now)).isFalse();
        breaker.abandoned(true);
        assertThat(breaker.admits(now)).isTrue();
        assertThat(breaker.begin()).isTrue();
        breaker.succeeded(true);
        assertThat(breaker.state(now)).isEqualTo(State.CLOSED);
    }

    @Test
    void whatWasUnderWayWhenItOpenedProlongsNothing() {
        for (int i = 0; i < 3; i++) {
            fail();
        }
        Instant until = breaker.restsUntil();
        breaker.failed(false, WHY, now.plusSeconds(20));
        assertThat(breaker.restsUntil()).isEqualTo(until);
    }

    @Test
    void letsNothingThroughBeforeTheTimeThatAServerAskedFor() {
        Verdict.Refused throttled = new Verdict.Refused(Step.Connection, false, Optional.empty(), "wait",
                Optional.of(Duration.ofSeconds(90)));
        breaker.failed(breaker.begin(), throttled, now);
        assertThat(breaker.state(now)).isEqualTo(State.OPEN);
        assertThat(breaker.restsUntil()).isEqualTo(now.plusSeconds(90));

        now = breaker.restsUntil();
        assertThat(breaker.state(now)).isEqualTo(State.HALF_OPEN);
        breaker.failed(breaker.begin(), throttled, now);
        assertThat(breaker.restsUntil()).isEqualTo(now.plusSeconds(90));
    }
}
