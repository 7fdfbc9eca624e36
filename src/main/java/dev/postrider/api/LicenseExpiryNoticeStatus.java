package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What Postrider found out about a license, and what it sent. */
@JsonClassDescription("When the license expires, what was sent and what comes next. Written by Postrider alone.")
public record LicenseExpiryNoticeStatus(
        @JsonPropertyDescription("The generation of the resource that this status is about.")
        @Nullable Long observedGeneration,
        @JsonPropertyDescription("Observations: Ready, Blocked; Stalled when only a person can help.")
        @Nullable List<Condition> conditions,
        @JsonPropertyDescription("The last day on which the license is valid.")
        @Nullable String expiryDate,
        @JsonPropertyDescription("How many days are left, the expiry day counted: 1 on that day, 0 from the day after.")
        @Nullable Integer daysLeft,
        @JsonPropertyDescription("The notice that is sent next.")
        @Nullable NextNotice nextNotice,
        @JsonPropertyDescription("The notices that were sent or are being sent, the latest last.")
        @Nullable List<SentNotice> sent,
        @JsonPropertyDescription("The last valid settings. They go on while the spec is invalid.")
        @Nullable Settings settings,
        @JsonPropertyDescription("The last test that the annotation postrider.dev/test-send asked for.")
        @Nullable TestSendStatus testSend) {

    /** A notice to come. */
    public record NextNotice(
            @JsonPropertyDescription("Which one: before or onExpiry.")
            @Required String notice,
            @JsonPropertyDescription("When it is sent (RFC 3339).")
            @Required String time) {}

    /** A notice that was sent or is on its way. */
    public record SentNotice(
            @JsonPropertyDescription("Which one: before or onExpiry.")
            @Required String notice,
            @JsonPropertyDescription("The expiry date that it is about.")
            @Required String expiryDate,
            @JsonPropertyDescription("Sending: written before the mail is handed over. Sent: the relay took it. Failed: "
                    + "the relay did not, and it is tried again.")
            @Required State state,
            @JsonPropertyDescription("When it reached this state (RFC 3339).")
            @Required String time,
            @JsonPropertyDescription("To whom.")
            @Required List<String> recipients,
            @JsonPropertyDescription("Message-ID of the mail, the same however often it is tried.")
            @Required String messageId,
            @JsonPropertyDescription("By which the relay knows a mail that it has taken already.")
            @Required String idempotencyKey,
            @JsonPropertyDescription("The relay's reply.")
            @Nullable String reply,
            @JsonPropertyDescription("What failed, for people.")
            @Nullable String failure,
            @JsonPropertyDescription("How many attempts have failed in a row.")
            @Nullable Integer failures,
            @JsonPropertyDescription("When it is tried again (RFC 3339).")
            @Nullable String nextAttemptTime) {}

    /** How far a notice has come. */
    public enum State {
        Sending, Sent, Failed
    }

    /** What a valid spec came to. */
    public record Settings(
            @JsonPropertyDescription("Name of the organization.")
            @Required String organization,
            @JsonPropertyDescription("Name of the license.")
            @Required String license,
            @JsonPropertyDescription("The expiry date, wherever it was read.")
            @Required String expiryDate,
            @JsonPropertyDescription("As in the spec.")
            @Required Integer daysBefore,
            @JsonPropertyDescription("As in the spec.")
            @Required String language,
            @JsonPropertyDescription("As in the spec.")
            @Required String timeZone,
            @JsonPropertyDescription("As in the spec.")
            @Required String sendAt,
            @JsonPropertyDescription("One address each; absent for the organization's administrators.")
            @Nullable List<String> recipients,
            @JsonPropertyDescription("As in the spec.")
            @Nullable String subject,
            @JsonPropertyDescription("As in the spec.")
            @Nullable String body,
            @JsonPropertyDescription("As in the spec.")
            @Required Boolean calendar,
            @JsonPropertyDescription("As in the spec.")
            @Required Boolean notifyIfAlreadyExpired) {}
}
