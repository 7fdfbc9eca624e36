package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What Postrider found out about an organization's mail. */
@JsonClassDescription("What Postrider found out about the organization's mail. Written by Postrider alone.")
public record OrganizationMailSettingsStatus(
        @JsonPropertyDescription("The generation of the resource that this status is about.")
        @Nullable Long observedGeneration,
        @JsonPropertyDescription("Observations: Ready, ServersResolved, TestSendSucceeded, RelayAvailable, "
                + "PasswordRecoveryAvailable, AlertsAvailable, NotificationsAvailable, UsageReportAvailable; Stalled "
                + "when only a person can help; DeletionConfirmed while a deletion is asked for.")
        @Nullable List<Condition> conditions,
        @JsonPropertyDescription("The Secret that applications mount (Service Binding specification, provisioned "
                + "service).")
        @Nullable BindingStatus binding,
        @JsonPropertyDescription("The servers that the organization sends through, as namespace/name.")
        @Nullable List<String> servers,
        @JsonPropertyDescription("The servers in a few words.")
        @Nullable String serverSummary,
        @JsonPropertyDescription("What the organization may do now.")
        @Nullable CapabilitiesStatus capabilities,
        @JsonPropertyDescription("The test mails that this resource's annotation asked for, one for each server.")
        @Nullable List<ServerTestSendStatus> testSends,
        @JsonPropertyDescription("Until when the test mails so far count towards the rate of this resource (RFC 3339).")
        @Nullable String testsCountedUntil,
        @JsonPropertyDescription("The usage reports, where they are switched on.")
        @Nullable UsageReportStatus usageReport,
        @JsonPropertyDescription("The DNS records by which receivers check the signatures of the organization's mail.")
        @Nullable List<DkimRecord> dkim,
        @JsonPropertyDescription("The DNS records by which the namespace shows that domains are its own, where the "
                + "installation asks for that (senderDomains: Verified) and does not grant them.")
        @Nullable List<SenderDomain> senderDomains) {

    /** A domain that is the namespace's own, or claimed to be. */
    public record SenderDomain(
            @JsonPropertyDescription("The domain. The record covers its subdomains, too.")
            @Required String domain,
            @JsonPropertyDescription("Name of the record, as _postrider.acme.example.")
            @Required String record,
            @JsonPropertyDescription("Its type: TXT.")
            @Required String type,
            @JsonPropertyDescription("What it must say, exactly.")
            @Required String value,
            @JsonPropertyDescription("Whether organizations of the namespace may send as the domain.")
            @Required boolean verified,
            @JsonPropertyDescription("Since when the record of a verified domain could not be found (RFC 3339).")
            @Nullable String failingSince,
            @JsonPropertyDescription("What the last lookup came to, if it did not find the record.")
            @Nullable String message) {}

    /** The usage reports. */
    public record UsageReportStatus(
            @JsonPropertyDescription("Since when schedule and time zone are as they are (RFC 3339); what would have been "
                    + "due before is not sent.")
            @Required String since,
            @JsonPropertyDescription("As in the spec when it was valid last.")
            @Required String schedule,
            @JsonPropertyDescription("As in the spec when it was valid last.")
            @Required String timeZone,
            @JsonPropertyDescription("The report that is sent next.")
            @Nullable NextReport nextReport,
            @JsonPropertyDescription("The last report that was due.")
            @Nullable LastReport lastReport,
            @JsonPropertyDescription("Why a report that is due is not sent yet, for people.")
            @Nullable String waiting) {}

    /** A report to come. */
    public record NextReport(
            @JsonPropertyDescription("When it is sent (RFC 3339).")
            @Required String time,
            @JsonPropertyDescription("The first day that it is about.")
            @Required String from,
            @JsonPropertyDescription("The day after the last that it is about.")
            @Required String to) {}

    /** A report that was due. */
    public record LastReport(
            @JsonPropertyDescription("The first day that it is about.")
            @Required String from,
            @JsonPropertyDescription("The day after the last that it is about.")
            @Required String to,
            @JsonPropertyDescription("Sending: written before the mail is handed over. Sent: the relay took it. Failed: "
                    + "the relay did not, and it is tried again. Missed: it could not be sent for a week.")
            @Required ReportState state,
            @JsonPropertyDescription("When it reached this state (RFC 3339).")
            @Required String time,
            @JsonPropertyDescription("To whom.")
            @Nullable List<String> recipients,
            @JsonPropertyDescription("Message-ID of the mail, the same however often it is tried.")
            @Nullable String messageId,
            @JsonPropertyDescription("By which the relay knows a mail that it has taken already.")
            @Nullable String idempotencyKey,
            @JsonPropertyDescription("The relay's reply.")
            @Nullable String reply,
            @JsonPropertyDescription("What failed, for people.")
            @Nullable String failure,
            @JsonPropertyDescription("How many attempts have failed in a row.")
            @Nullable Integer failures,
            @JsonPropertyDescription("When it is tried again (RFC 3339).")
            @Nullable String nextAttemptTime) {}

    /** How far a report has come. */
    public enum ReportState {
        Sending, Sent, Failed, Missed
    }


    /** Where the binding is. */
    public record BindingStatus(
            @JsonPropertyDescription("Name of the Secret.")
            @Required String name,
            @JsonPropertyDescription("When its password was replaced last.")
            @Nullable String rotatedAt,
            @JsonPropertyDescription("Until when the password before that is taken too.")
            @Nullable String formerPasswordValidUntil) {}

    /** What works now. */
    public record CapabilitiesStatus(
            @JsonPropertyDescription("Whether people may reset their passwords by mail now.")
            @Nullable Boolean passwordRecovery,
            @JsonPropertyDescription("Whether applications may send alerts now.")
            @Nullable Boolean alerts,
            @JsonPropertyDescription("Whether applications may send notifications now.")
            @Nullable Boolean notifications,
            @JsonPropertyDescription("Whether reports of how much mail there was are sent now.")
            @Nullable Boolean usageReport) {}

    /** A DNS record to publish. */
    public record DkimRecord(
            @JsonPropertyDescription("Its name, as mail1._domainkey.acme.example.")
            @Required String name,
            @JsonPropertyDescription("Its type: TXT.")
            @Required String type,
            @JsonPropertyDescription("What it says, as v=DKIM1; k=rsa; p=MIIB...")
            @Required String value,
            @JsonPropertyDescription("The whole record as a line of a zone file, in strings of 255 octets at most.")
            @Required String zoneFileLine,
            @JsonPropertyDescription("What could be better about the key.")
            @Nullable String note) {}

    /** A test through one server. */
    public record ServerTestSendStatus(
            @JsonPropertyDescription("The MailServer, as namespace/name.")
            @Required String mailServer,
            @JsonPropertyDescription("What became of the test.")
            @Required TestSendStatus result) {}
}
