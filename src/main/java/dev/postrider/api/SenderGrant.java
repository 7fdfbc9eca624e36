package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/**
 * Domains that the organizations of some namespaces may send as through global servers. So many could be
 * declared that no rule of the schema may look into each: the plan checks the domains.
 */
public record SenderGrant(
        @JsonPropertyDescription("Which namespaces, by their labels. The label kubernetes.io/metadata.name is the name of "
                + "the namespace, which nobody can change. An empty selector stands for all namespaces.")
        @Required NamespaceSelector namespaces,
        @JsonPropertyDescription("Domains, as acme.example for this one alone, or *.acme.example for its subdomains "
                + "without itself.")
        @Required @Size(min = 1, max = 100) List<@Size(min = 1, max = 255) String> domains) {

    /** Namespaces by their labels, as a LabelSelector of Kubernetes: all of its requirements must be met. */
    public record NamespaceSelector(
            @JsonPropertyDescription("Labels that the Namespace must have, with these values.")
            @Size(max = 16) @Nullable Map<String, @Size(max = 63) String> matchLabels,
            @JsonPropertyDescription("Other requirements of the labels of the Namespace.")
            @Size(max = 16) @Nullable List<Requirement> matchExpressions) {}

    /** One requirement of the labels of a namespace. */
    @ValidationRule(value = "self.operator in ['In', 'NotIn'] == (has(self.values) && self.values.size() > 0)", message = "values are needed with the operators In and NotIn, and must be left out with Exists and DoesNotExist")
    public record Requirement(
            @JsonPropertyDescription("The key of the label.")
            @Required @Size(min = 1, max = 317) String key,
            @JsonPropertyDescription("In: the label has one of values. NotIn: it has none of them, or is not there. "
                    + "Exists, DoesNotExist: whether it is there.")
            @Required Operator operator,
            @JsonPropertyDescription("Values of the label, for In and NotIn.")
            @Size(max = 100) @Nullable List<@Size(max = 63) String> values) {}

    /** As of a LabelSelector. */
    public enum Operator {
        In, NotIn, Exists, DoesNotExist
    }
}
