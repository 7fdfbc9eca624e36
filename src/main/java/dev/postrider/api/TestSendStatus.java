package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** A test mail and what became of it. */
public record TestSendStatus(
        @JsonPropertyDescription("When the test ended (RFC 3339).")
        @Required String time,
        @JsonPropertyDescription("Whether the server took the mail; where there is no login to test with, whether it offers one.")
        @Required Boolean accepted,
        @JsonPropertyDescription("Who was to get the mail.")
        @Required String recipient,
        @JsonPropertyDescription("The server, as host:port, and the address that answered.")
        @Required String server,
        @JsonPropertyDescription("The server's own last reply.")
        @Nullable String reply,
        @JsonPropertyDescription("How long the test took, as 312ms.")
        @Nullable String duration,
        @JsonPropertyDescription("TLS protocol of the connection; absent when it was not encrypted.")
        @Nullable String tlsProtocol,
        @JsonPropertyDescription("TLS cipher suite of the connection; absent when it was not encrypted.")
        @Nullable String tlsCipher,
        @JsonPropertyDescription("True when the mail, and a login, went to the server in the clear; absent otherwise.")
        @Nullable Boolean inTheClear,
        @JsonPropertyDescription("The step that failed: NameResolution, Connection, Tls, Certificate, Authentication, "
                + "SenderRejected, RecipientRejected, MessageRejected or Timeout.")
        @Nullable String failedStep,
        @JsonPropertyDescription("What failed and what to do, for people.")
        @Nullable String failure,
        @JsonPropertyDescription("How many tests of the same settings have failed in a row.")
        @Nullable Integer failures,
        @JsonPropertyDescription("When a failed test is made again (RFC 3339).")
        @Nullable String nextAttemptTime,
        @JsonPropertyDescription("The value of the annotation postrider.dev/test-send that the last test on demand "
                + "answered.")
        @Nullable String request,
        @JsonPropertyDescription("Identifies the settings that were tested, without telling anything of them.")
        @Nullable String fingerprint) {}
