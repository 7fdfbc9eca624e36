package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How to send through Microsoft Graph. */
@ValidationRule(value = "has(self.secretRef) != has(self.certificateSecretRef)", message = "microsoftGraph takes exactly one of secretRef and certificateSecretRef: how does the application prove who it is?")
public record MicrosoftGraph(
        @JsonPropertyDescription("The cloud of Microsoft that the mailbox is in. Global: graph.microsoft.com. USGovL4: "
                + "graph.microsoft.us (GCC High). USGovL5: dod-graph.microsoft.us (DoD). China: "
                + "microsoftgraph.chinacloudapi.cn (21Vianet).")
        @Default("Global") @Nullable Cloud cloud,
        @JsonPropertyDescription("The directory (tenant) of the organization: its id, or one of its domains.")
        @Required @Size(max = 253) @Pattern("^[A-Za-z0-9][A-Za-z0-9.-]*$") String tenantId,
        @JsonPropertyDescription("The mailbox that sends: its address or its id.")
        @Required @Size(min = 1, max = 320) String mailbox,
        @JsonPropertyDescription("A Secret of this namespace with the keys client-id and client-secret and the label "
                + "postrider.dev/credentials: \"true\".")
        @Nullable SecretReference secretRef,
        @JsonPropertyDescription("An assertion that a certificate's key signs (RFC 7523) in place of a client secret: a "
                + "labelled Secret with the keys client-id, tls.crt and tls.key.")
        @Nullable SecretReference certificateSecretRef,
        @JsonPropertyDescription("Whether a copy of each message stays among the mailbox's sent items. Where not, messages "
                + "are sent as drafts and their copies removed afterwards, for which the application needs the "
                + "permission Mail.ReadWrite.")
        @Default("true") @Nullable Boolean saveToSentItems) {

    /** Clouds of Microsoft that have nothing in common. */
    public enum Cloud {
        Global, USGovL4, USGovL5, China
    }
}
