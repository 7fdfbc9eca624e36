package dev.postrider.plan;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.UsedLimit;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What the plan sees of everything around the resource it plans for. Each answer is the same however often asked. */
public interface World {

    /** The time of this plan. */
    Instant now();

    Installation installation();

    /** What the relay's Deployment says. */
    RelayState relay();

    /** A credentials Secret. */
    SecretLookup secret(ResourceKey key);

    /** A ConfigMap of certificate authorities. */
    ConfigMapLookup configMap(ResourceKey key);

    /** A mail server, in whatever namespace. */
    Optional<ServerView> mailServer(ResourceKey key);

    /** When a server was tested last. Asked only where an organization has tested it, too: of two tests the later counts. */
    Optional<Instant> testedAt(ResourceKey server);

    /** An organization, in whatever namespace. */
    Optional<OrganizationMailSettings> organization(ResourceKey key);

    /** The servers of scope Global, honoured or not. */
    List<ServerView> globalServers();

    /** The route that the relay has of a server. */
    Optional<ServerRoute> serverRoute(ResourceKey server);

    /**
     * Whether a server rests, as a relay says. Asked only where another server takes its mail meanwhile, and by as few as
     * say so in their status.
     */
    default Optional<ServerRest> rest(ResourceKey server) {
        return Optional.empty();
    }

    /** The route that the relay has of an organization. */
    Optional<OrganizationRoute> organizationRoute(ResourceKey organization);

    /** The Secret that is there under the name of an organization's binding. */
    BindingLookup binding(ResourceKey organization, String secretName);

    /** A namespace that an organization wants a copy of its binding in. */
    NamespaceLookup namespace(String name);

    /**
     * The Secret that is there under the name of a copy of an organization's binding. Asked only of a namespace that
     * was found, and accepts it.
     */
    CopyLookup copy(ResourceKey organization, ResourceKey secret);

    /** A new password for a binding: 256 random bits, in characters that need no quoting in a URI. */
    String newPassword();

    /** The organizations that send through a server. Asked only when the server is being deleted. */
    List<ResourceKey> usersOf(MailServer server);

    /** The licenses that an organization gets notices of. Asked only where somebody wants to be told of them. */
    List<LicenseExpiryNotice> licenses(ResourceKey organization);

    /**
     * How many resources of its kind a namespace may have, if a resource is beyond that: those that were declared first
     * count, and of the same time those whose names come first.
     */
    OptionalInt boundPassed(HasMetadata resource);

    /**
     * How many octets the resources of a namespace may have together, if a resource is beyond that in the order of
     * {@link #boundPassed}, of all kinds together.
     */
    OptionalLong octetsPassed(HasMetadata resource);

    /**
     * When the namespace of a resource lets it test a server. One that is now is taken up by asking; one to come is kept,
     * and is the answer of the next plan, too. So it is asked only where nothing else stands against the test.
     */
    TestTurn testTurn(HasMetadata resource, ResourceKey server);

    /**
     * A turn to test.
     *
     * @param time      from when on
     * @param perMinute how many tests the namespace may have
     */
    record TestTurn(Instant time, int perMinute) {}

    /**
     * Whether an organization of another namespace has links at a host of this name already; of two that both have, the
     * one declared first. Asked only where the host is not one that namespaces share.
     */
    boolean linkHostTaken(OrganizationMailSettings organization, String hostName);

    /** What DNS said last of a domain that a namespace claims; empty before it was asked. */
    default Optional<DomainAnswer> domainAnswer(String namespace, String domain) {
        return Optional.empty();
    }

    /** The limit of an organization that is used up, or nearly so, as far as the relay has said. */
    default Optional<UsedLimit> usedLimit(ResourceKey organization) {
        return Optional.empty();
    }

    /**
     * Where the mail of an organization rests while that of others goes on, what weighs most first; of whoever has its
     * name, as far as a relay knows. Empty before the relays have said it.
     */
    default Optional<List<MailRest>> mailRests(ResourceKey organization) {
        return Optional.of(List.of());
    }

    /** The reports of an organization's undelivered mail that reached nobody; empty before the relay has said it. */
    default Optional<LostReports> lostReports(ResourceKey organization) {
        return Optional.empty();
    }

    /** How many messages the relay holds of an organization; empty when it cannot be asked. */
    OptionalLong queued(ResourceKey organization);
}
