package dev.postrider.operator.installation;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.plan.Binding;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.CopyLookup;
import dev.postrider.plan.DomainAnswer;
import dev.postrider.plan.Installation;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.NamespaceLookup;
import dev.postrider.plan.OrganizationPlan;
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
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** What one plan sees of the cluster: the informers' caches, at one time. */
final class ClusterWorld implements World {
    private final Cluster cluster;
    private final Instant now;
    private final Installation installation;
    private final RelayState relay;
    private final Supplier<String> passwords;

    /** @param passwords gives a new one */
    ClusterWorld(Cluster cluster, Instant now, Installation installation, RelayState relay,
            Supplier<String> passwords) {
        this.passwords = passwords;
        this.cluster = cluster;
        this.now = now;
        this.installation = installation;
        this.relay = relay;
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Installation installation() {
        return installation;
    }

    @Override
    public RelayState relay() {
        return relay;
    }

    @Override
    public SecretLookup secret(ResourceKey key) {
        return cluster.caches()
                .credentials(key)
                .<SecretLookup>map(ClusterWorld::found)
                .orElseGet(() -> cluster.metadata().secretExists(key)
                        ? new SecretLookup.Unlabelled()
                        : new SecretLookup.Missing());
    }

    private static SecretLookup.Found found(Secret secret) {
        Map<String, String> data = new HashMap<>();
        if (secret.getData() != null) {
            secret.getData().forEach((key, base64) -> data.put(key, Caches.text(base64)));
        }
        Map<String, String> annotations = secret.getMetadata().getAnnotations();
        return new SecretLookup.Found(data,
                Optional.ofNullable(annotations).map(a -> a.get(PostriderApi.HOSTS_ANNOTATION)));
    }

    @Override
    public ConfigMapLookup configMap(ResourceKey key) {
        return cluster.caches()
                .certificateAuthorities(key)
                .<ConfigMapLookup>map(found -> new ConfigMapLookup.Found(
                        Optional.ofNullable(found.getData()).map(Map::copyOf).orElseGet(Map::of)))
                .orElseGet(() -> cluster.metadata().configMapExists(key)
                        ? new ConfigMapLookup.Unlabelled()
                        : new ConfigMapLookup.Missing());
    }

    @Override
    public Optional<ServerView> mailServer(ResourceKey key) {
        return cluster.caches().mailServer(key).map(this::view);
    }

    private ServerView view(MailServer server) {
        return ServerView.of(server, serverRoute(Lifecycle.key(server)));
    }

    @Override
    public Optional<Instant> testedAt(ResourceKey server) {
        return cluster.caches().mailServer(server).flatMap(MailServerPlan::testedAt);
    }

    @Override
    public Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return cluster.caches().organization(key);
    }

    @Override
    public List<ServerView> globalServers() {
        return cluster.caches()
                .globalServers()
                .map(this::view)
                .sorted(Comparator.comparing((ServerView server) -> server.key().name())
                        .thenComparing(ServerView::key))
                .toList();
    }

    @Override
    public Optional<ServerRoute> serverRoute(ResourceKey server) {
        return cluster.caches().serverRoute(server);
    }

    @Override
    public Optional<ServerRest> rest(ResourceKey server) {
        return cluster.rests().of(server).flatMap(rests -> rests.stream().findFirst());
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return cluster.caches().organizationRoute(organization);
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        ResourceKey key = new ResourceKey(organization.namespace(), secretName);
        Optional<Secret> own = cluster.caches().binding(key);
        if (own.isPresent() && BindingSecrets.isOfFormerOwner(own.get(), cluster.caches().organization(organization))) {
            // Whoever had the name before knows its password.
            return new BindingLookup.Missing();
        }
        if (own.isPresent()) {
            Optional<ResourceKey> owner = BindingSecrets.owner(own.get());
            return owner.filter(organization::equals).isPresent()
                    ? new BindingLookup.Own(Caches.entry(own.get(), Binding.PASSWORD).orElse(""),
                            Optional.ofNullable(own.get().getMetadata().getAnnotations()).orElseGet(Map::of))
                    : new BindingLookup.Foreign(owner);
        }
        return cluster.metadata().secretExists(key) ? BindingLookup.Foreign.unknown() : new BindingLookup.Missing();
    }

    @Override
    public NamespaceLookup namespace(String name) {
        return cluster.worksIn(name) ? cluster.metadata().namespace(name) : new NamespaceLookup.Missing();
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return cluster.caches()
                .binding(secret)
                .map(there -> BindingSecrets.isCopyOf(organization, there))
                .or(() -> cluster.metadata().secretExists(secret) ? Optional.of(false) : Optional.empty())
                .map(own -> own ? CopyLookup.OWN : CopyLookup.FOREIGN)
                .orElse(CopyLookup.MISSING);
    }

    @Override
    public String newPassword() {
        return passwords.get();
    }

    @Override
    public List<ResourceKey> usersOf(MailServer server) {
        return cluster.caches()
                .organizations()
                .filter(o -> Cluster.uses(o, server))
                .map(Lifecycle::key)
                .sorted()
                .toList();
    }

    @Override
    public List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return cluster.caches().licenses(organization);
    }

    @Override
    public OptionalInt boundPassed(HasMetadata resource) {
        Settings.NamespaceLimits limits = cluster.limits();
        int most = switch (resource) {
            case MailServer _ -> limits.mailServers();
            case LicenseExpiryNotice _ -> limits.licenseExpiryNotices();
            default -> limits.organizations();
        };
        return cluster.caches().declaredBefore(resource, most) ? OptionalInt.of(most) : OptionalInt.empty();
    }

    @Override
    public OptionalLong octetsPassed(HasMetadata resource) {
        return cluster.octets().passed(resource);
    }

    @Override
    public TestTurn testTurn(HasMetadata resource, ResourceKey server) {
        return cluster.testTurns().turn(resource, server, now);
    }

    @Override
    public boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        return cluster.caches().linkHostTaken(organization, hostName);
    }

    @Override
    public Optional<DomainAnswer> domainAnswer(String namespace, String domain) {
        return cluster.domains().answer(namespace, domain);
    }

    @Override
    public Optional<UsedLimit> usedLimit(ResourceKey organization) {
        return cluster.usedLimits().of(organization);
    }

    @Override
    public Optional<List<MailRest>> mailRests(ResourceKey organization) {
        return cluster.mailRests().of(organization);
    }

    @Override
    public Optional<LostReports> lostReports(ResourceKey organization) {
        boolean said = cluster.caches()
                .organization(organization)
                .filter(OrganizationPlan::saysReportsLost)
                .isPresent();
        return cluster.lostReports().of(organization, LostReports.none(organization), said);
    }

    @Override
    public OptionalLong queued(ResourceKey organization) {
        return cluster.caches()
                .organization(organization)
                .map(there -> cluster.relayQueue().queued(organization, there.getMetadata().getUid()))
                .orElseGet(OptionalLong::empty);
    }
}
