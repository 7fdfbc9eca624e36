package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The copies of an organization's binding in other namespaces, each of whose owners allows that by a label on the
 * Namespace. A namespace that is not there comes to the same as one that takes no copy: nobody finds out by asking for
 * copies which namespaces there are.
 */
public final class BindingCopies {
    /** How long at most until a changed label of a Namespace is seen. */
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

    /** The longest name of a Secret (Kubernetes, "Object Names and IDs": DNS subdomain). */
    private static final int MAX_NAME = 253;

    private static final String FIELD = "spec.binding.copies";

    /**
     * Why a namespace has no copy, or not the latest.
     *
     * @param revoked whether a copy that is there goes
     */
    private record Trouble(Reason reason, String message, boolean revoked) {}

    private final String name;
    private final boolean written;
    private final Instant now;
    private final Conditions conditions;
    private final Map<String, Optional<Trouble>> namespaces = new LinkedHashMap<>();

    private BindingCopies(String name, boolean written, Instant now, Conditions conditions) {
        this.name = name;
        this.written = written;
        this.now = now;
        this.conditions = conditions;
    }

    /** The copies that an organization asks for; empty where it asks for none. */
    static Optional<BindingCopies> of(OrganizationMailSettings organization, World world, OrganizationBinding binding,
            Conditions conditions) {
        ResourceKey key = OrganizationPlan.key(organization);
        BindingCopies copies = new BindingCopies(name(organization), binding.isWritten(), world.now(), conditions);
        asked(organization.getSpec()).stream()
                .filter(namespace -> !namespace.equals(key.namespace()))
                .forEach(namespace -> copies.namespaces.put(namespace, copies.trouble(namespace, key, world)));
        return copies.namespaces.isEmpty() ? Optional.empty() : Optional.of(copies);
    }

    private static List<String> asked(OrganizationMailSettingsSpec spec) {
        return spec.binding() == null ? List.of() : Objects.requireNonNullElse(spec.binding().copies(), List.of());
    }

    /** Nothing else could have it: names of namespaces hold no dot. */
    private static String name(OrganizationMailSettings organization) {
        return organization.getMetadata().getNamespace() + "." + OrganizationBinding.name(organization);
    }

    /** Records what no copy can come of, whoever allows it. */
    static void check(OrganizationMailSettings organization, List<Problem> problems) {
        List<String> asked = asked(organization.getSpec());
        int own = asked.indexOf(organization.getMetadata().getNamespace());
        if (own >= 0) {
            problems.add(problem(FIELD + "[" + own + "]", ("\"%s\" is the organization's own namespace, where the "
                    + "binding itself is; name others only").formatted(asked.get(own))));
        }
        int length = name(organization).length();
        if (!asked.isEmpty() && length > MAX_NAME) {
            problems.add(problem("spec.binding.secretName", ("a copy is named <namespace>.<name of the binding>, which "
                    + "is %d characters, and the name of a Secret has %d at most; choose a shorter one")
                    .formatted(length, MAX_NAME)));
        }
    }

    private static Problem problem(String field, String message) {
        return new Problem(Problem.Area.SPEC, Reason.BindingCopyInvalid, field, message);
    }

    private Optional<Trouble> trouble(String namespace, ResourceKey organization, World world) {
        return switch (world.namespace(namespace)) {
            case NamespaceLookup.NoCluster() -> Optional.of(new Trouble(Reason.NoCluster,
                    "there are no other namespaces without a cluster", false));
            case NamespaceLookup.Unreadable(String why) -> Optional.of(new Trouble(Reason.NamespaceUnreadable,
                    "whether it accepts bindings cannot be read, and the copy stays as it is: " + why, false));
            case NamespaceLookup.Missing() -> Optional.of(notAccepted(namespace, organization.namespace()));
            case NamespaceLookup.Found found when !accepts(found.labels(), organization.namespace()) ->
                Optional.of(notAccepted(namespace, organization.namespace()));
            case NamespaceLookup.Found found when found.terminating() -> Optional.of(new Trouble(
                    Reason.NamespaceTerminating, "it is being deleted, and takes no new Secret", false));
            case NamespaceLookup.Found _ -> switch (world.copy(organization, new ResourceKey(namespace, name))) {
                case OWN, MISSING -> Optional.empty();
                case FOREIGN -> Optional.of(new Trouble(Reason.SecretExists,
                        "Secret \"%s\" exists there and is not this organization's copy; it is left alone. Delete it"
                                .formatted(name),
                        false));
            };
        };
    }

    private static boolean accepts(Map<String, String> labels, String source) {
        String accepted = labels.getOrDefault(PostriderApi.ACCEPT_BINDINGS_LABEL, "");
        return accepted.equals(PostriderApi.ANY_NAMESPACE)
                || Arrays.asList(accepted.split("\\.", -1)).contains(source);
    }

    private static Trouble notAccepted(String namespace, String source) {
        return new Trouble(Reason.NotAccepted,
                ("it does not accept bindings of namespace \"%s\", or is none that Postrider "
                        + "works in. Its owner accepts them with: kubectl label namespace %s %s=%s")
                        .formatted(source, namespace, PostriderApi.ACCEPT_BINDINGS_LABEL, source),
                true);
    }

    /** The name of each copy: the organization's namespace, a dot, and the binding's name. */
    public String name() {
        return name;
    }

    /** The namespaces that the binding is to be written to now. */
    public List<String> toWrite() {
        return written
                ? namespaces.keySet().stream().filter(namespace -> trouble(namespace).isEmpty()).toList()
                : List.of();
    }

    /** Whether a copy in a namespace may stay, be it of the latest binding or not. */
    public boolean stays(String namespace) {
        return namespaces.containsKey(namespace) && trouble(namespace).filter(Trouble::revoked).isEmpty();
    }

    private Optional<Trouble> trouble(String namespace) {
        return namespaces.getOrDefault(namespace, Optional.empty());
    }

    /** @param refused what came about otherwise than planned, by namespace */
    Condition condition(Map<String, String> refused) {
        List<Reason> reasons = new ArrayList<>();
        List<String> messages = new ArrayList<>();
        namespaces.forEach((namespace, planned) -> planned.ifPresent(trouble -> {
            reasons.add(trouble.reason());
            messages.add(told(namespace, trouble.message()));
        }));
        refused.forEach((namespace, why) -> {
            reasons.add(Reason.Refused);
            messages.add(told(namespace, why));
        });
        ConditionType type = ConditionType.BindingCopied;
        if (!messages.isEmpty()) {
            return conditions.of(type, Status.False, reasons.getFirst(), String.join("; ", messages));
        }
        return written
                ? conditions.of(type, Status.True, Reason.Copied,
                        "Secret \"%s\" is in the namespaces %s".formatted(name, namespaces.keySet()))
                : conditions.of(type, Status.Unknown, Reason.BindingPending,
                        "copies stay as they are until the binding is written, see " + ConditionType.BindingReady);
    }

    private static String told(String namespace, String why) {
        return "namespace \"%s\": %s".formatted(namespace, why);
    }

    /** The Event of its condition, where that is news. */
    Optional<Notice> notice(Map<String, String> refused) {
        return Optional.of(condition(refused))
                .filter(condition -> condition.status() == Status.False && conditions.isNews(condition))
                .map(Notice::warning);
    }

    /** When to look at the Namespaces again. */
    Instant lookAgain() {
        return now.plus(LOOK_AGAIN);
    }
}
