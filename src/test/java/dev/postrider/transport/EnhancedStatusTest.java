package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.reply.Reply;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Verdict.Refused;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What reports of delivery say of refusals that came without a status code of RFC 3463. */
@Tag("upstreams")
final class EnhancedStatusTest {
    private static final Optional<Reply> NONE = Optional.empty();

    @ParameterizedTest
    // @formatter:off
    @CsvSource({
            "NameResolution,  4.4.4, 5.4.4",
            "Connection,      4.4.1, 5.4.1",
            "Timeout,         4.4.2, 5.4.2",
            "Tls,             4.7.4, 5.7.4",
            "Certificate,     4.7.5, 5.7.5",
            "Authentication,  4.7.0, 5.7.0",
            "SenderRejected,  4.1.8, 5.1.8",
            "RecipientRejected, 4.1.0, 5.1.0",
            "MessageRejected, 4.6.0, 5.6.0"})
    // @formatter:on
    void aStepHasItsOwn(Step step, String passing, String givenUp) {
        assertThat(new Refused(step, false, NONE, "").enhancedStatus(false)).isEqualTo(passing);
        assertThat(new Refused(step, true, NONE, "").enhancedStatus(true)).isEqualTo(givenUp);
        var ofGraph = new Reply(403, Optional.empty(), "403 ErrorAccessDenied", false);
        assertThat(new Refused(step, false, Optional.of(ofGraph), "").enhancedStatus(false)).isEqualTo(passing);
    }

    @Test
    void theServersOwnCounts() {
        var told = new Reply(535, Optional.of("5.7.8"), "535 5.7.8 no");
        var untold = new Reply(550, Optional.empty(), "550 no");
        assertThat(new Refused(Step.Authentication, false, Optional.of(told), "").enhancedStatus(true))
                .isEqualTo("5.7.8");
        assertThat(new Refused(Step.Authentication, false, Optional.of(told), "").enhancedStatus(false))
                .as("not given up")
                .isEqualTo("4.7.8");
        assertThat(new Refused(Step.RecipientRejected, true, Optional.of(untold), "").enhancedStatus(true))
                .isEqualTo("5.0.0");
        assertThat(new Refused(Step.MessageRejected, true, "5.3.4", "too large").enhancedStatus(true))
                .isEqualTo("5.3.4");
    }
}
