package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How to send through Microsoft Graph. */
public record MicrosoftGraph(
        @JsonPropertyDescription("The directory (tenant) of the organization: its id, or one of its domains.")
        @Required @Size(max = 253) @Pattern("^[A-Za-z0-9][A-Za-z0-9.-]*$") String tenantId,
        @JsonPropertyDescription("The mailbox that sends: its address or its id.")
        @Required @Size(min = 1, max = 320) String mailbox,
        @JsonPropertyDescription("A Secret of this namespace with the keys client-id and client-secret and the label "
                + "postrider.dev/credentials: \"true\".")
        @Required SecretReference secretRef) {}
