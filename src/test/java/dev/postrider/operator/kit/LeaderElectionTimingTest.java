package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LeaderElectionTimingTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "->", textBlock = """
            PT15S -> PT10S          -> PT2S           -> PT5S
            PT1S  -> PT0.666666666S -> PT0.133333333S -> PT0.333333333S
            PT1H  -> PT40M          -> PT8M           -> PT20M
            """)
    void followsFromTheLease(Duration lease, Duration renewDeadline, Duration retryPeriod, Duration requestTimeout) {
        var timing = LeaderElection.Timing.of(lease);

        assertThat(timing).isEqualTo(new LeaderElection.Timing(lease, renewDeadline, retryPeriod));
        assertThat(timing.requestTimeout()).isEqualTo(requestTimeout);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "->", textBlock = """
            PT15S   -> PT10S     -> PT2S     -> ok
            PT0S    -> PT0S      -> PT0S     -> a lease of 0 ms is not possible; allowed are whole seconds, from 1s
            PT1.5S  -> PT1S      -> PT0.2S   -> a lease of 1500 ms is not possible; allowed are whole seconds, from 1s
            PT15S   -> PT15S     -> PT2S     -> the deadline of 15000 ms for a renewal must be shorter than the lease of 15000 ms
            PT15S   -> PT14.999S -> PT2S     -> ok
            PT15S   -> PT10S     -> PT8.333S -> ok
            PT15S   -> PT10S     -> PT8.334S -> attempts 8334 ms apart must be more than one within the deadline of 10000 ms for a renewal
            PT15S   -> PT10S     -> PT0S     -> attempts 0 ms apart must be more than one within the deadline of 10000 ms for a renewal
            """)
    void mustFitTogether(Duration lease, Duration renewDeadline, Duration retryPeriod, String what) {
        Throwable refused = catchThrowable(() -> new LeaderElection.Timing(lease, renewDeadline, retryPeriod));

        assertThat(refused == null ? "ok" : refused.getMessage()).isEqualTo(what);
    }
}
