package dev.postrider.operator.installation;

import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec.ServerReference;
import dev.postrider.operator.kit.ObjectMetadata;
import dev.postrider.operator.kit.Shard;
import dev.postrider.plan.Installation;
import dev.postrider.plan.RelayState;
import dev.postrider.plan.World;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.UsedLimit;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.CustomResource;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** What all reconcilers share: the caches, the installation as it is now, and what the relay says. */
public final class Cluster {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String namespace;
    private final Set<String> watched;
    private final Shard shard;
    private final Caches caches;
    private final ObjectMetadata metadata;
    private final RelayQueue relayQueue;
    private final RelayLookup<UsedLimit> usedLimits;
    private final InstantSource clock;
    private final Settings.NamespaceLimits limits;
    private final DomainLookups domains;
    private final RelayLookup<LostReports> lostReports;
    private final Dependencies dependencies;
    private final AuthoritySecrets authoritySecrets;
    private final TestTurns testTurns;
    private final NamespaceOctets octets;
    private final RelayRests<ServerRest> rests;
    private final RelayRests<MailRest> mailRests;
    /** New passwords of bindings that are not written yet: an attempt that fails leaves a route with that password. */
    private final Map<ResourceKey, String> unwrittenPasswords = new ConcurrentHashMap<>();
    private final Set<RelayState> plannedWith = ConcurrentHashMap.newKeySet();
    private volatile State state;
    private volatile Optional<String> relayRefused = Optional.empty();

    /**
     * A plan that was made.
     *
     * @param world in which it was made, and can be made again
     * @param again how soon to make it again, if it looked at something that no watch tells of
     */
    public record Planned<P>(P plan, World world, Optional<Duration> again) {}

    /**
     * The installation at a time.
     *
     * @param configMap    the settings, which own what the operator makes in its namespace
     * @param installation what the plan must know
     */
    public record State(ConfigMap configMap, Installation installation) {}

    /**
     * An installation.
     *
     * @param namespace where the operator is
     * @param watched   the namespaces that it works in; empty for all
     * @param shard     whose resources are reconciled
     * @param limits    how much a namespace may have
     * @param domains   looks up the domains that namespaces claim
     */
    public Cluster(String namespace, Set<String> watched, Shard shard, ObjectMetadata metadata, RelayQueue relayQueue,
            InstantSource clock, Settings.NamespaceLimits limits, DomainLookups domains, State initial) {
        this.domains = domains;
        this.namespace = namespace;
        this.watched = watched;
        this.shard = shard;
        this.caches = new Caches(namespace);
        this.metadata = metadata;
        this.relayQueue = relayQueue;
        this.usedLimits = new RelayLookup<>("used-limits", relayQueue::usedLimits, RelayLookup.INTERVAL);
        this.lostReports = new RelayLookup<>("lost-reports", relayQueue::lostReports, RelayLookup.INTERVAL);
        this.clock = clock;
        this.limits = limits;
        this.state = initial;
        this.dependencies = new Dependencies(this::world);
        this.rests = new RelayRests<>("server-rests", relayQueue::rests, clock);
        this.mailRests = new RelayRests<>("mail-rests", relayQueue::mailRests, clock);
        this.testTurns = new TestTurns(limits.testMailsPerMinute(), caches::testedSince);
        this.octets = new NamespaceOctets(limits.mostOctets(), caches::declaredIn, caches::authoritiesOctets);
        this.authoritySecrets = new AuthoritySecrets(this);
    }

    /** Where the operator, the relay and the routes are. */
    public String namespace() {
        return namespace;
    }

    /** Whose resources are reconciled here; all others are only seen. */
    public Shard shard() {
        return shard;
    }

    /** Whether what is in a namespace is seen. */
    boolean worksIn(String other) {
        return watched.isEmpty() || watched.contains(other);
    }

    public Caches caches() {
        return caches;
    }

    public State state() {
        return state;
    }

    /**
     * Takes over what is known now.
     *
     * @return whether it is news for the plan
     */
    public synchronized boolean update(State now) {
        State before = state;
        state = now;
        return !before.installation().equals(now.installation());
    }

    /** What the relay says. */
    public RelayState relay() {
        RelayState deployed = RelayDeployment.state(caches.relayDeployment());
        return deployed.isAvailable() ? deployed : relayRefused.map(deployed::refused).orElse(deployed);
    }

    /** Takes over what came of writing the relay's objects; empty where they are as they should be. */
    public void relayRefused(Optional<String> why) {
        relayRefused = why;
    }

    /** What is there now. */
    public World world() {
        return world(clock.instant(), Cluster::newPassword);
    }

    private World world(Instant now, Supplier<String> passwords) {
        return new ClusterWorld(this, now, state.installation(), relay(), passwords);
    }

    private static String newPassword() {
        return RelayLogin.newPassword(RANDOM);
    }

    /** The same for a plan. What it sees of the relay is noted before a change of that may be asked about. */
    private World worldToPlan(Instant now, Supplier<String> passwords) {
        RelayState relay;
        do {
            relay = relay();
            plannedWith.add(relay);
        } while (!relay.equals(relay()));
        return new ClusterWorld(this, now, state.installation(), relay, passwords);
    }

    /** Whether anything was planned with another state of the relay, since this was last asked. */
    public boolean isPlannedWithOther(RelayState relay) {
        return plannedWith.retainAll(Set.of(relay));
    }

    Settings.NamespaceLimits limits() {
        return limits;
    }

    TestTurns testTurns() {
        return testTurns;
    }

    NamespaceOctets octets() {
        return octets;
    }

    /**
     * Notes what a resource takes of the octets of its namespace, and wakes the others there if that is news for them.
     *
     * @param route what the relay has of it
     * @return whether that is too much, and must go
     */
    public boolean measure(CustomResource<?, ?> resource, Optional<Secret> route) {
        if (octets.note(resource, route)) {
            dependencies.changed(new Read.Octets(resource.getMetadata().getNamespace()));
        }
        return octets.withdraws(resource, route);
    }

    /** Forgets a resource that is gone, and wakes those of its kind and namespace that are beyond a bound. */
    public void forget(CustomResource<?, ?> resource, Dependencies.Reader reader) {
        unwrittenPasswords.remove(reader.key());
        dependencies.forget(reader);
        dependencies.changed(new Read.InNamespace(reader.kind(), reader.key().namespace()));
        if (octets.forget(resource)) {
            dependencies.changed(new Read.Octets(reader.key().namespace()));
        }
    }

    /** Makes a plan, which is made anew when something changes that it looked at. */
    public <P> Planned<P> plan(Dependencies.Reader reader, Instant now, Function<World, P> plan) {
        var world = new RecordingWorld(
                worldToPlan(now, () -> unwrittenPasswords.computeIfAbsent(reader.key(), _ -> newPassword())),
                dependencies, reader);
        P made = plan.apply(world);
        return new Planned<>(made, world, world.planned());
    }

    /** The binding of an organization is written: another password that it needs is another one. */
    public void bindingWritten(ResourceKey organization) {
        unwrittenPasswords.remove(organization);
    }

    /** The time by which everything but notices and reports is planned. */
    public Instant now() {
        return clock.instant();
    }

    /** Who is to be planned anew when something changes. */
    public Dependencies dependencies() {
        return dependencies;
    }

    /** Through which routes are written. */
    public AuthoritySecrets authoritySecrets() {
        return authoritySecrets;
    }

    /** Which servers take no mail now. */
    public RelayRests<ServerRest> rests() {
        return rests;
    }

    /** Whose mail rests while that of others goes on. */
    public RelayRests<MailRest> mailRests() {
        return mailRests;
    }

    /** What DNS says of domains that namespaces claim. */
    public DomainLookups domains() {
        return domains;
    }

    /** What the relay says of reports that reached nobody. */
    public RelayLookup<LostReports> lostReports() {
        return lostReports;
    }

    ObjectMetadata metadata() {
        return metadata;
    }

    /** A way to ask the relay. */
    public RelayQueue relayQueue() {
        return relayQueue;
    }

    /** What the relay says of limits of organizations that are used up. */
    public RelayLookup<UsedLimit> usedLimits() {
        return usedLimits;
    }

    /** Whether an organization sends through a server: it names it, or it names none and the server is global. */
    static boolean uses(OrganizationMailSettings organization, MailServer server) {
        List<ServerReference> references = organization.getSpec().servers();
        if (references == null || references.isEmpty()) {
            return server.getSpec().scope() == MailServerSpec.Scope.Global;
        }
        return references.stream()
                .anyMatch(r -> r.name().equals(server.getMetadata().getName())
                        && Optional.ofNullable(r.namespace())
                                .orElse(organization.getMetadata().getNamespace())
                                .equals(server.getMetadata().getNamespace()));
    }
}
