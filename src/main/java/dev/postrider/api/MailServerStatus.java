package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What Postrider found out about a mail server. */
@JsonClassDescription("What Postrider found out about the server. Written by Postrider alone.")
public record MailServerStatus(
        @JsonPropertyDescription("The generation of the resource that this status is about.")
        @Nullable Long observedGeneration,
        @JsonPropertyDescription("Where the server is, as host:port.")
        @Nullable String server,
        @JsonPropertyDescription("Observations: Ready, SecretsValid, TestSendSucceeded, RelayAvailable; Stalled when "
                + "only a person can help; DeletionConfirmed while a deletion is asked for.")
        @Nullable List<Condition> conditions,
        @JsonPropertyDescription("The last test mail.")
        @Nullable TestSendStatus testSend,
        @JsonPropertyDescription("Until when the test mails so far count towards the rate of this resource (RFC 3339).")
        @Nullable String testsCountedUntil,
        @JsonPropertyDescription("Which checks the declaration switches off or weakens, by their fields.")
        @Nullable List<String> weakenedChecks) {}
