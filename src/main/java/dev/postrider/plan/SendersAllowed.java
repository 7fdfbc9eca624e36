package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus.SenderDomain;
import dev.postrider.api.Reason;
import dev.postrider.api.SenderGrant;
import dev.postrider.plan.Installation.SenderDomains;
import dev.postrider.plan.SenderGrants.Refused;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.DomainPattern;
import dev.postrider.route.GrantedDomains;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What an organization may send as through global servers, and what of its declaration is refused there.
 *
 * @param namespace of the organization
 * @param granted   the domains; empty where any may be sent as
 * @param refused   what it declares beyond them
 * @param global    whether its mail may leave through a global server
 * @param own       whether its mail may leave through a server of its own, which takes whatever it takes
 * @param domains   that it claims, and shows by DNS to be its own or does not; none unless the policy is Verified
 * @param lookAgain when the labels of the namespace may be others, where grants ask for them, or a domain was verified
 *                  once and is not looked up yet
 */
record SendersAllowed(String namespace, Optional<GrantedDomains> granted, List<Refused> refused, boolean global,
        boolean own, List<SenderDomain> domains, Optional<Instant> lookAgain) {
    /** How long at most until a changed label of a Namespace is seen. */
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);
    private static final int SHOWN = 10;

    /** Domains of an organization that are looked up in DNS. */
    private static final int MOST_CLAIMED = 20;

    static SendersAllowed of(OrganizationMailSettings organization, Servers servers, World world) {
        String namespace = organization.getMetadata().getNamespace();
        boolean restricted = world.installation()
                .senderDomains()
                .filter(policy -> policy != SenderDomains.OPEN)
                .isPresent();
        if (!restricted) {
            return new SendersAllowed(namespace, Optional.empty(), List.of(), servers.throughGlobal(),
                    servers.throughOwn(), List.of(), Optional.empty());
        }
        List<SenderGrant> grants = servers.globals().stream().flatMap(server -> server.senders().stream()).toList();
        boolean asked = SenderGrants.needLabels(grants);
        GrantedDomains byServers = asked
                ? byLabels(OrganizationPlan.key(organization), grants, world)
                : SenderGrants.byName(namespace, grants);
        List<SenderDomain> domains = servers.throughGlobal()
                && world.installation().senderDomains().get() == SenderDomains.VERIFIED
                        ? claimed(organization, byServers, world)
                        : List.of();
        GrantedDomains granted = byServers.and(domains.stream()
                .filter(SenderDomain::verified)
                .map(SenderDomain::domain)
                .toList());
        return new SendersAllowed(namespace, Optional.of(granted), SenderGrants.refused(organization, granted),
                servers.throughGlobal(), servers.throughOwn(), domains,
                asked || domains.stream().anyMatch(domain -> isTakenOnTrust(domain, namespace, world))
                        ? Optional.of(world.now().plus(LOOK_AGAIN))
                        : Optional.empty());
    }

    /** As after a start of the operator; others of the namespace may have the places for lookups by then. */
    private static boolean isTakenOnTrust(SenderDomain domain, String namespace, World world) {
        return domain.verified() && world.domainAnswer(namespace, domain.domain()).isEmpty();
    }

    /** The domains that it would send as without a grant; of one that is within another, the other. */
    private static List<SenderDomain> claimed(OrganizationMailSettings organization, GrantedDomains granted,
            World world) {
        List<String> names = SenderGrants.refused(organization, granted)
                .stream()
                .flatMap(refused -> DomainPattern.canonical(refused.domain()).stream())
                .map(pattern -> pattern.startsWith("*.") ? pattern.substring(2) : pattern)
                .distinct()
                .sorted()
                .toList();
        List<SenderDomain> before = Optional.ofNullable(organization.getStatus())
                .flatMap(status -> Optional.ofNullable(status.senderDomains()))
                .orElse(List.of());
        return names.stream()
                .filter(name -> names.stream().noneMatch(other -> name.endsWith("." + other)))
                .limit(MOST_CLAIMED)
                .map(name -> DomainVerification.of(OrganizationPlan.key(organization), name, before, world))
                .toList();
    }

    private static GrantedDomains byLabels(ResourceKey organization, List<SenderGrant> grants, World world) {
        String namespace = organization.namespace();
        return switch (world.namespace(namespace)) {
            case NamespaceLookup.Found found -> SenderGrants.of(namespace, found.labels(), grants);
            case NamespaceLookup.Missing(),NamespaceLookup.NoCluster() -> SenderGrants.byName(namespace, grants);
            // An API server that does not answer takes no grant away, and gives none.
            case NamespaceLookup.Unreadable _ -> world.organizationRoute(organization)
                    .flatMap(OrganizationRoute::granted)
                    .map(GrantedDomains::withoutVerified)
                    .orElseGet(() -> SenderGrants.byName(namespace, grants));
        };
    }

    /** Whether an address may be a sender of mail through global servers. */
    private boolean allows(String address) {
        return granted.filter(domains -> !domains.allow(CanonicalAddress.of(address))).isEmpty();
    }

    /** The identity as mail through global servers has it: bounces go to From where nothing else is granted. */
    Identities through(Identities declared) {
        return through(declared, global && !own);
    }

    /** The identity as mail through this server has it, which does not choose another. */
    Identities through(Identities declared, boolean globalServer) {
        return !globalServer || allows(declared.envelopeFrom()) ? declared : declared.bouncingToFrom();
    }

    /** Whether no mail can leave as the organization itself. */
    boolean refuses(Identities identity) {
        return global && !own && !allows(identity.from().address());
    }

    /** Whether no mail can leave through this server as the organization itself. */
    boolean refuses(Identities identity, boolean globalServer) {
        return globalServer && !allows(identity.from().address());
    }

    /** Why mail that Postrider writes in the organization's name is not sent, if that is so. */
    Optional<Problem> problem(Identities identity) {
        return refuses(identity)
                ? Optional.of(new Problem(Problem.Area.SPEC, Reason.SenderNotGranted, "", describe()))
                : Optional.empty();
    }

    /** Empty where nothing ties senders to namespaces. */
    Optional<Condition> condition(Conditions conditions) {
        if (granted.isEmpty()) {
            return Optional.empty();
        }
        ConditionType type = ConditionType.SendersAllowed;
        if (!global) {
            return Optional.of(conditions.set(type, Status.True, Reason.OwnServers,
                    "mail leaves through the organization's own servers only, which need no grant"));
        }
        if (refused.isEmpty()) {
            return Optional.of(conditions.set(type, Status.True, Reason.Granted,
                    "all senders are in domains that namespace \"%s\" may send as: %s".formatted(namespace,
                            Names.some(granted.get().patterns().texts()))));
        }
        return Optional.of(own
                ? conditions.set(type, Status.True, Reason.PartlyThroughOwnServers,
                        "through the organization's own servers only, since no grant covers it: " + describe())
                : conditions.set(type, Status.False, Reason.SenderNotGranted, describe()));
    }

    private String describe() {
        List<String> fields = new ArrayList<>(refused.stream()
                .limit(SHOWN)
                .map(sender -> "%s: \"%s\" is not in a domain that is granted to namespace \"%s\"".formatted(
                        sender.field(), sender.value(), namespace))
                .toList());
        if (refused.size() > SHOWN) {
            fields.add("and " + (refused.size() - SHOWN) + " more");
        }
        List<String> granted = this.granted.map(domains -> domains.patterns().texts()).orElse(List.of());
        List<String> ways = new ArrayList<>();
        if (!granted.isEmpty()) {
            ways.add("use " + Names.some(granted));
        }
        if (!domains.isEmpty()) {
            ways.add("publish the TXT records of status.senderDomains");
        }
        ways.add("ask the administrator of Postrider to grant %s (spec.senders of a global MailServer)"
                .formatted(Names.some(List.copyOf(SenderGrants.domains(refused)))));
        return String.join("; ", fields) + ". " + capitalized(String.join(", or ", ways));
    }

    private static String capitalized(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
