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
                + "PasswordRecoveryAvailable; Stalled when only a person can help; DeletionConfirmed "
                + "while a deletion is asked for.")
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
        @JsonPropertyDescription("The DNS records by which receivers check the signatures of the organization's mail.")
        @Nullable List<DkimRecord> dkim) {

    /** Where the binding is. */
    public record BindingStatus(@JsonPropertyDescription("Name of the Secret.")
    @Required String name) {}

    /** What works now. */
    public record CapabilitiesStatus(
            @JsonPropertyDescription("Whether people may reset their passwords by mail now.")
            @Nullable Boolean passwordRecovery) {}

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
