package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.Identity;
import dev.postrider.api.Reason;
import dev.postrider.api.SenderGrant;
import dev.postrider.api.SenderGrant.NamespaceSelector;
import dev.postrider.api.SenderGrant.Requirement;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.DomainPattern;
import dev.postrider.route.GrantedDomains;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which domains the platform grants to a namespace, and which senders of an organization are in none of them. */
public final class SenderGrants {
    /** The API server gives each Namespace this label (Kubernetes, "Well-Known Labels"), so that nobody need ask. */
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    private SenderGrants() {}

    /**
     * A sender that no grant covers.
     *
     * @param field  where it is declared
     * @param value  what is declared there
     * @param domain a domain, or {@code *.} and one; what a grant must name
     */
    public record Refused(String field, String value, String domain) {}

    /**
     * The domains that some grants give to a namespace whose labels are not known. What asks for a label gives nothing
     * then, also where it asks that the label be missing.
     */
    static GrantedDomains byName(String namespace, List<SenderGrant> grants) {
        return of(namespace, Map.of(), grants.stream().filter(grant -> !needLabels(List.of(grant))).toList());
    }

    /**
     * The domains that some grants give to a namespace.
     *
     * @param labels of the namespace, all of them; its name is known in any case
     */
    public static GrantedDomains of(String namespace, Map<String, String> labels, List<SenderGrant> grants) {
        return new GrantedDomains(grants.stream()
                .filter(grant -> selects(grant.namespaces(), namespace, labels))
                .flatMap(grant -> grant.domains().stream())
                .flatMap(domain -> DomainPattern.canonical(domain).stream())
                .distinct()
                .sorted()
                .toList());
    }

    /** Whether which namespaces are meant can only be told by labels that somebody must be asked for. */
    static boolean needLabels(List<SenderGrant> grants) {
        return grants.stream()
                .flatMap(grant -> keys(grant.namespaces()))
                .anyMatch(key -> !key.equals(NAME_LABEL));
    }

    private static Stream<String> keys(NamespaceSelector selector) {
        return Stream.concat(labels(selector).keySet().stream(), expressions(selector).stream().map(Requirement::key));
    }

    private static Map<String, String> labels(NamespaceSelector selector) {
        return Objects.requireNonNullElse(selector.matchLabels(), Map.of());
    }

    private static List<Requirement> expressions(NamespaceSelector selector) {
        return Objects.requireNonNullElse(selector.matchExpressions(), List.of());
    }

    private static boolean selects(NamespaceSelector selector, String namespace, Map<String, String> labels) {
        return labels(selector).entrySet()
                .stream()
                .allMatch(wanted -> wanted.getValue().equals(value(wanted.getKey(), namespace, labels)))
                && expressions(selector).stream().allMatch(requirement -> isMet(requirement, namespace, labels));
    }

    private static boolean isMet(Requirement requirement, String namespace, Map<String, String> labels) {
        @Nullable
        String value = value(requirement.key(), namespace, labels);
        List<String> values = Objects.requireNonNullElse(requirement.values(), List.of());
        return switch (requirement.operator()) {
            case In -> value != null && values.contains(value);
            case NotIn -> value == null || !values.contains(value);
            case Exists -> value != null;
            case DoesNotExist -> value == null;
        };
    }

    private static @Nullable String value(String key, String namespace, Map<String, String> labels) {
        return key.equals(NAME_LABEL) ? namespace : labels.get(key);
    }

    /** The senders that an organization declares, and that these domains do not cover. */
    public static List<Refused> refused(OrganizationMailSettings organization, GrantedDomains granted) {
        Identity identity = organization.getSpec().identity();
        List<Refused> refused = new ArrayList<>();
        address("spec.identity.from.address", identity.from().address(), granted).ifPresent(refused::add);
        Optional.ofNullable(identity.envelopeFrom())
                .flatMap(address -> address("spec.identity.envelopeFrom", address, granted))
                .ifPresent(refused::add);
        List<String> allowed = Objects.requireNonNullElse(identity.allowedSenders(), List.of());
        for (int i = 0; i < allowed.size(); i++) {
            sender("spec.identity.allowedSenders[" + i + "]", allowed.get(i), granted).ifPresent(refused::add);
        }
        return List.copyOf(refused);
    }

    private static Optional<Refused> address(String field, String address, GrantedDomains granted) {
        return refused(field, address, CanonicalAddress.of(address).domain(), granted);
    }

    private static Optional<Refused> sender(String field, String sender, GrantedDomains granted) {
        return DomainPattern.canonical(sender.substring(sender.lastIndexOf('@') + 1))
                .flatMap(pattern -> refused(field, sender, pattern, granted));
    }

    private static Optional<Refused> refused(String field, String value, String domain, GrantedDomains granted) {
        return granted.covers(domain) ? Optional.empty() : Optional.of(new Refused(field, value, domain));
    }

    /** The grants that cannot be honoured, since a domain of theirs is none. */
    static void check(List<SenderGrant> grants, List<Problem> problems) {
        for (int i = 0; i < grants.size(); i++) {
            List<String> domains = grants.get(i).domains();
            for (int j = 0; j < domains.size(); j++) {
                if (DomainPattern.canonical(domains.get(j)).isEmpty()) {
                    problems.add(new Problem(Problem.Area.SPEC, Reason.InvalidSpec,
                            "spec.senders[" + i + "].domains[" + j + "]",
                            "\"%s\" is not a valid domain: use acme.example, or *.acme.example for its subdomains"
                                    .formatted(domains.get(j))));
                }
            }
        }
    }

    /** The domains that are refused, each once. */
    static Set<String> domains(List<Refused> refused) {
        Set<String> domains = new LinkedHashSet<>();
        refused.forEach(sender -> domains.add(sender.domain()));
        return domains;
    }
}
