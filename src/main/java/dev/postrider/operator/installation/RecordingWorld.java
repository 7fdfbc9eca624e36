package dev.postrider.operator.installation;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.CopyLookup;
import dev.postrider.plan.DomainAnswer;
import dev.postrider.plan.Installation;
import dev.postrider.plan.NamespaceLookup;
import dev.postrider.plan.RelayState;
import dev.postrider.plan.SecretLookup;
import dev.postrider.plan.ServerView;
import dev.postrider.plan.World;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.UsedLimit;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A world that notes what one plan looks at, so that a change of it makes the plan anew. Not noted is what wakes
 * everybody (the installation, the relay), what wakes its owner (his own routes and binding), and what the plan itself
 * asks for again and again (namespaces, the queue), and what its owner is woken for (lookups in DNS).
 */
final class RecordingWorld implements World {
    private final World world;
    private final Dependencies dependencies;
    private final Dependencies.Reader reader;
    private final Set<Read> reads = new HashSet<>();
    private final Set<Read> unwatched = new HashSet<>();
    private final Map<ResourceKey, TestTurn> turns = new HashMap<>();

    RecordingWorld(World world, Dependencies dependencies, Dependencies.Reader reader) {
        this.world = world;
        this.dependencies = dependencies;
        this.reader = reader;
    }

    /**
     * Ends the record: the plan is made.
     *
     * @return how soon to plan again, if the plan looked at something that no watch tells of
     */
    Optional<Duration> planned() {
        return dependencies.planned(reader, reads, unwatched, world.now());
    }

    private <T> T noted(Read read, Supplier<T> answer) {
        reads.add(read);
        dependencies.add(reader, read);
        return answer.get();
    }

    /** As {@link #noted}, of what so many look at that the answer is kept. */
    private <T> T shared(Read read, Supplier<T> asked) {
        T answer = noted(read, asked);
        dependencies.answered(read, answer);
        return answer;
    }

    @Override
    public SecretLookup secret(ResourceKey key) {
        Read read = new Read.Secret(key);
        SecretLookup found = noted(read, () -> world.secret(key));
        if (!(found instanceof SecretLookup.Found)) {
            unwatched.add(read);
        }
        return found;
    }

    @Override
    public ConfigMapLookup configMap(ResourceKey key) {
        Read read = new Read.ConfigMap(key);
        ConfigMapLookup found = noted(read, () -> world.configMap(key));
        if (!(found instanceof ConfigMapLookup.Found)) {
            unwatched.add(read);
        }
        return found;
    }

    @Override
    public Optional<ServerView> mailServer(ResourceKey key) {
        return shared(new Read.Server(key), () -> world.mailServer(key));
    }

    @Override
    public List<ServerView> globalServers() {
        return shared(new Read.GlobalServers(), world::globalServers);
    }

    @Override
    public Optional<Instant> testedAt(ResourceKey server) {
        return shared(new Read.TestTime(server), () -> world.testedAt(server));
    }

    @Override
    public Optional<ServerRoute> serverRoute(ResourceKey server) {
        return server.equals(reader.key()) && reader.isServer()
                ? world.serverRoute(server)
                : shared(new Read.Route(server), () -> world.serverRoute(server));
    }

    @Override
    public Optional<ServerRest> rest(ResourceKey server) {
        return shared(new Read.Rest(server), () -> world.rest(server));
    }

    @Override
    public Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return noted(new Read.Organization(key), () -> world.organization(key));
    }

    @Override
    public List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return noted(new Read.Licenses(organization), () -> world.licenses(organization));
    }

    @Override
    public List<ResourceKey> usersOf(MailServer server) {
        return noted(new Read.Users(), () -> world.usersOf(server));
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        Read read = new Read.Secret(new ResourceKey(organization.namespace(), secretName));
        dependencies.add(reader, read);
        BindingLookup found = world.binding(organization, secretName);
        if (found instanceof BindingLookup.Foreign foreign) {
            reads.add(read);
            if (foreign.organization().isEmpty()) {
                unwatched.add(read);
            }
        }
        return found;
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return noted(new Read.Secret(secret), () -> world.copy(organization, secret));
    }

    /** Whoever is within the bound stays there: no other can be declared before. */
    @Override
    public OptionalInt boundPassed(HasMetadata resource) {
        Read read = new Read.InNamespace(reader.kind(), resource.getMetadata().getNamespace());
        dependencies.add(reader, read);
        OptionalInt passed = world.boundPassed(resource);
        if (passed.isPresent()) {
            reads.add(read);
        }
        return passed;
    }

    /** Another one that was declared before may grow, so that whoever is within the bound now is beyond it then. */
    @Override
    public OptionalLong octetsPassed(HasMetadata resource) {
        return noted(new Read.Octets(resource.getMetadata().getNamespace()), () -> world.octetsPassed(resource));
    }

    /** Whoever may not have links there asks again, for what others have is in no event of theirs. */
    @Override
    public boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        Read read = new Read.LinkHost(hostName);
        dependencies.add(reader, read);
        boolean taken = world.linkHostTaken(organization, hostName);
        if (taken) {
            reads.add(read);
            unwatched.add(read);
        }
        return taken;
    }

    @Override
    public Instant now() {
        return world.now();
    }

    @Override
    public Installation installation() {
        return world.installation();
    }

    @Override
    public RelayState relay() {
        return world.relay();
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return world.organizationRoute(organization);
    }

    @Override
    public NamespaceLookup namespace(String name) {
        return world.namespace(name);
    }

    @Override
    public String newPassword() {
        return world.newPassword();
    }

    @Override
    public TestTurn testTurn(HasMetadata resource, ResourceKey server) {
        // A plan that is made again for what came of its first writes takes up no second turn.
        return turns.computeIfAbsent(server, key -> world.testTurn(resource, key));
    }

    @Override
    public Optional<DomainAnswer> domainAnswer(String namespace, String domain) {
        return world.domainAnswer(namespace, domain);
    }

    @Override
    public Optional<UsedLimit> usedLimit(ResourceKey organization) {
        return world.usedLimit(organization);
    }

    @Override
    public Optional<List<MailRest>> mailRests(ResourceKey organization) {
        return world.mailRests(organization);
    }

    @Override
    public Optional<LostReports> lostReports(ResourceKey organization) {
        return world.lostReports(organization);
    }

    @Override
    public OptionalLong queued(ResourceKey organization) {
        return world.queued(organization);
    }
}
