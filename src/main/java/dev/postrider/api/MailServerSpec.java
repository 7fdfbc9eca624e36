package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** What a person declares of an upstream server. */
@JsonClassDescription("What you declare of the server.")
@ValidationRule(value = "[has(self.smtp), has(self.microsoftGraph)].filter(x, x).size() == 1", message = "exactly one of smtp and microsoftGraph must be set: how is this server reached?")
@ValidationRule(value = "!has(self.senders) || has(self.scope) && self.scope == 'Global'", message = "senders is for global servers: it says who may send as which domain through them; remove senders, or declare a server of scope Global in the operator's namespace")
@ValidationRule(value = "!has(self.priority) && !has(self.weight) || has(self.scope) && self.scope == 'Global'", message = "priority and weight are for global servers: for an organization's own, write them beside its name in spec.servers of the OrganizationMailSettings")
public record MailServerSpec(
        @JsonPropertyDescription("What people call this server; shown by kubectl get -o wide.")
        @Size(max = 256) @Nullable String description,
        @JsonPropertyDescription("Global: serves every organization that has no server of its own, and is honoured "
                + "only in the operator's namespace or one that the installation trusts. Organization: "
                + "serves the organizations of its namespace that name it. Cannot change; create "
                + "another MailServer instead.")
        @Default("Organization") @ValidationRule(value = "self == oldSelf", message = "scope cannot change; create another MailServer instead") @Nullable Scope scope,
        @JsonPropertyDescription("Whether mail may be sent through this server. Switching it off sends no new mail "
                + "through it; what was queued goes through the others.")
        @Default("true") @Nullable Boolean active,
        @JsonPropertyDescription("Of a global server: those of the lowest priority get the mail of organizations that "
                + "name no servers; those of the next one only while all of the former rest, are over their rates or "
                + "are switched off (as in SRV records, RFC 2782). Default: 0.")
        @Min(0) @Max(65535) @Nullable Integer priority,
        @JsonPropertyDescription("Of a global server: its part of that mail among those of the same priority. One of "
                + "weight 3 gets three times as much as one of weight 1. Default: 1.")
        @Min(1) @Max(65535) @Nullable Integer weight,
        @JsonPropertyDescription("Reach the server by SMTP (RFC 5321).")
        @Nullable Smtp smtp,
        @JsonPropertyDescription("Send through Microsoft Graph (sendMail) in place of SMTP.")
        @Nullable MicrosoftGraph microsoftGraph,
        @JsonPropertyDescription("From whom Postrider's own mail comes, test mails foremost, where no organization's "
                + "identity applies. Default: the recipient of the test.")
        @Nullable Mailbox sender,
        @JsonPropertyDescription("The test mail that proves these settings. Without a recipient no test is made.")
        @Nullable TestSpec test,
        @JsonPropertyDescription("How much this server takes in a time, from all relays together. What is more waits, or "
                + "goes to another server of the organization. Default: as much as it can.")
        @Nullable ServerLimits limits,
        @JsonPropertyDescription("Of a global server: which namespaces may send as which domains, where the "
                + "installation restricts senders (senderDomains of the chart). What one global server grants counts "
                + "for all of them.")
        @Size(max = 1000) @Nullable List<SenderGrant> senders,
        @JsonPropertyDescription("What replies of this server mean, before the installation's rules and those that "
                + "Postrider brings; the first that fits counts.")
        @Size(max = 10) @Nullable List<ReplyRule> replyRules,
        @JsonPropertyDescription("Type exactly Delete to let this resource be deleted. Until then a deletion is "
                + "refused, or held.")
        @Size(max = 64) @Nullable String deletionConfirmation) {

    /** Whom a server serves. */
    public enum Scope {
        Global, Organization
    }
}
