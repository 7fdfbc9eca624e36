package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/**
 * One observation of a resource, as the Kubernetes API conventions have it (metav1.Condition). Type and reason are texts,
 * since another version may have written words that this one does not know.
 */
public record Condition(
        @JsonPropertyDescription("What is observed.")
        @Required @Size(max = 316) String type,
        @JsonPropertyDescription("True, False or Unknown.")
        @Required Status status,
        @JsonPropertyDescription("Why, in one word for machines.")
        @Required @Size(min = 1, max = 1024) @Pattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$") String reason,
        @JsonPropertyDescription("Why, for people, and what to do next.")
        @Required @Size(max = 32768) String message,
        @JsonPropertyDescription("When the status last changed (RFC 3339).")
        @Required String lastTransitionTime,
        @JsonPropertyDescription("The generation of the resource that this was observed of.")
        @Min(0) long observedGeneration) {

    // @formatter:on

    /** Whether it is about this. */
    public boolean is(ConditionType other) {
        return type.equals(other.name());
    }

    /** Whether this is why it is so. */
    public boolean is(Reason other) {
        return reason.equals(other.toString());
    }

    /** Whether a condition holds. */
    public enum Status {
        True, False, Unknown
    }
}
