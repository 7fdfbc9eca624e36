package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** A private key in a Secret of the same namespace. */
public record SecretKeyReference(
        @JsonPropertyDescription("Name of a Secret in the namespace of this resource. It must carry the label "
                + "postrider.dev/credentials: \"true\".")
        @Required @Size(min = 1, max = 253) @Pattern("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$") String name,
        @JsonPropertyDescription("The key of the Secret under which it is.")
        @Default("private-key") @Size(min = 1, max = 253) @Pattern("^[-._a-zA-Z0-9]+$") @Nullable String key) {}
