package dev.postrider.operator.installation;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec.Scope;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Started;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.Cache;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What the informers hold, each kind of object once for all reconcilers. A cache is set when the controller that owns
 * its informer starts; no reconciler runs before all have.
 */
public final class Caches {
    private static final Comparator<ObjectMeta> DECLARED = Comparator
            .comparing(ObjectMeta::getCreationTimestamp, Comparator.nullsLast(Comparator.naturalOrder()))
            .thenComparing(ObjectMeta::getName);

    /** How many objects are read at a time: all of a kind at once would not fit in memory beside what is kept of them. */
    public static final long LIST_LIMIT = 500;

    private final String namespace;
    private static final String GLOBAL = "global";
    private static final String OF_NAMESPACE = "of-namespace";
    private static final String LINK_HOST = "link-host";
    private static final String BUNDLE = "bundle";

    private final Started<IndexerResourceCache<MailServer>> mailServers = new Started<>("the MailServers");
    private final Started<IndexerResourceCache<OrganizationMailSettings>> organizations = new Started<>(
            "the organizations");
    private final Started<Cache<Secret>> credentials = new Started<>("Secrets with credentials");
    private final Started<Cache<ConfigMap>> certificateAuthorities = new Started<>("ConfigMaps with authorities");
    private final Started<Cache<Secret>> bindings = new Started<>("the bindings");
    private final Started<InformerEventSource<Secret, ?>> serverRoutes = new Started<>("the routes of servers");
    private final Started<InformerEventSource<Secret, ?>> organizationRoutes = new Started<>(
            "the routes of organizations");
    private final Started<Cache<Secret>> authorities = new Started<>("the bundles of authorities");
    private final Started<Cache<Deployment>> relays = new Started<>("the relay's Deployments");
    private final Map<ResourceKey, ReadRoute> readRoutes = new ConcurrentHashMap<>();
    private final Started<IndexerResourceCache<LicenseExpiryNotice>> notices = new Started<>("the notices");
    private final Started<Function<ResourceKey, List<LicenseExpiryNotice>>> licenses = new Started<>("the licenses");

    /**
     * Caches of an installation.
     *
     * @param namespace where the routes are
     */
    public Caches(String namespace) {
        this.namespace = namespace;
    }

    public void mailServers(IndexerResourceCache<MailServer> primary, Cache<Secret> credentialSecrets,
            Cache<ConfigMap> declaredAuthorities, InformerEventSource<Secret, ?> routes,
            Cache<Secret> routeAuthorities) {
        primary.addIndexer(GLOBAL, server -> server.getSpec().scope() == Scope.Global ? List.of(GLOBAL) : List.of());
        primary.addIndexer(OF_NAMESPACE, server -> List.of(server.getMetadata().getNamespace()));
        mailServers.set(primary);
        credentials.set(credentialSecrets);
        certificateAuthorities.set(declaredAuthorities);
        serverRoutes.set(byBundle(routes));
        authorities.set(routeAuthorities);
    }

    public void organizations(IndexerResourceCache<OrganizationMailSettings> primary, Cache<Secret> bindingSecrets,
            InformerEventSource<Secret, ?> routes) {
        primary.addIndexer(OF_NAMESPACE, organization -> List.of(organization.getMetadata().getNamespace()));
        primary.addIndexer(LINK_HOST, organization -> organization.getSpec().links() == null
                ? List.of()
                : List.of(Linking.hostName(organization.getSpec().links().host().toLowerCase(Locale.ROOT))));
        organizations.set(primary);
        bindings.set(bindingSecrets);
        organizationRoutes.set(byBundle(routes));
    }

    private static InformerEventSource<Secret, ?> byBundle(InformerEventSource<Secret, ?> routes) {
        routes.addIndexer(BUNDLE,
                route -> AuthoritySecrets.named(route).stream().map(RouteSecret::authoritiesName).toList());
        return routes;
    }

    /**
     * Where licenses are.
     *
     * @param byOrganization finds them by the key of an organization
     */
    public void licenses(IndexerResourceCache<LicenseExpiryNotice> primary,
            Function<ResourceKey, List<LicenseExpiryNotice>> byOrganization) {
        primary.addIndexer(OF_NAMESPACE, notice -> List.of(notice.getMetadata().getNamespace()));
        notices.set(primary);
        licenses.set(byOrganization);
    }

    List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return licenses.get().apply(organization);
    }

    public void relay(Cache<Deployment> deployments) {
        relays.set(deployments);
    }

    /** The relay's, if it is deployed. */
    public Optional<Deployment> relayDeployment() {
        return get(relays, namespace, RelayNames.NAME);
    }

    Optional<MailServer> mailServer(ResourceKey key) {
        return get(mailServers, key.namespace(), key.name());
    }

    /** The servers of scope Global, which are few, however many there are of the other. */
    Stream<MailServer> globalServers() {
        IndexerResourceCache<MailServer> cache = mailServers.get();
        return cache.byIndex(GLOBAL, GLOBAL).stream().map(found -> latest(cache, found));
    }

    public Stream<OrganizationMailSettings> organizations() {
        return all(organizations);
    }

    public Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return get(organizations, key.namespace(), key.name());
    }

    public Optional<Secret> credentials(ResourceKey key) {
        return get(credentials, key.namespace(), key.name());
    }

    Optional<ConfigMap> certificateAuthorities(ResourceKey key) {
        return get(certificateAuthorities, key.namespace(), key.name());
    }

    public Optional<Secret> binding(ResourceKey key) {
        return get(bindings, key.namespace(), key.name());
    }

    public Optional<Secret> serverRouteSecret(ResourceKey server) {
        return get(serverRoutes, namespace, RouteSecret.Kind.SERVER.secretName(server));
    }

    public Optional<Secret> organizationRouteSecret(ResourceKey organization) {
        return get(organizationRoutes, namespace, RouteSecret.Kind.ORGANIZATION.secretName(organization));
    }

    /** Whether a route was made from another resource, which had the name before; those of earlier versions were not. */
    public static boolean isOfFormerOwner(Secret route, Optional<? extends HasMetadata> source) {
        String uid = Optional.ofNullable(route.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(RouteSecret.SOURCE_UID_ANNOTATION))
                .orElse("");
        return !uid.isEmpty() && source.filter(there -> !uid.equals(there.getMetadata().getUid())).isPresent();
    }

    Optional<ServerRoute> serverRoute(ResourceKey server) {
        Optional<Secret> secret = serverRouteSecret(server)
                .filter(route -> !isOfFormerOwner(route, mailServer(server)));
        if (secret.isEmpty()) {
            readRoutes.remove(server);
            return Optional.empty();
        }
        if (mailServer(server).filter(there -> there.getSpec().scope() == Scope.Global).isEmpty()) {
            readRoutes.remove(server);
            return route(secret.get(), ServerRoute.class);
        }
        String version = secret.get().getMetadata().getResourceVersion();
        ReadRoute known = readRoutes.get(server);
        if (known != null && known.version.equals(version)) {
            return Optional.of(known.route);
        }
        // None is not kept: what another shard wrote may come before its bundle, and then says the same with it.
        Optional<ServerRoute> read = route(secret.get(), ServerRoute.class);
        read.ifPresentOrElse(route -> readRoutes.put(server, new ReadRoute(version, route)),
                () -> readRoutes.remove(server));
        return read;
    }

    /** A route as it was read from a version of its Secret: every organization looks at those of the global servers. */
    private record ReadRoute(String version, ServerRoute route) {}

    Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return organizationRouteSecret(organization)
                .filter(route -> !isOfFormerOwner(route, organization(organization)))
                .flatMap(s -> route(s, OrganizationRoute.class));
    }

    /** Whether so many of the same kind and namespace were declared before a resource; of one moment by their names. */
    boolean declaredBefore(HasMetadata resource, int most) {
        IndexerResourceCache<? extends HasMetadata> cache = switch (resource) {
            case MailServer _ -> mailServers.get();
            case LicenseExpiryNotice _ -> notices.get();
            default -> organizations.get();
        };
        List<? extends HasMetadata> all = cache.byIndex(OF_NAMESPACE, resource.getMetadata().getNamespace());
        return all.size() >= most && all.stream()
                .filter(other -> DECLARED.compare(other.getMetadata(), resource.getMetadata()) < 0)
                .count() >= most;
    }

    /** All that a namespace declares, and what the relay has of it. */
    Stream<NamespaceOctets.Measured> declaredIn(String name) {
        return Stream.of(
                inNamespace(mailServers, name).map(server -> new NamespaceOctets.Measured(server,
                        serverRouteSecret(Lifecycle.key(server)))),
                inNamespace(organizations, name).map(organization -> new NamespaceOctets.Measured(organization,
                        organizationRouteSecret(Lifecycle.key(organization)))),
                inNamespace(notices, name).map(notice -> new NamespaceOctets.Measured(notice, Optional.empty())))
                .flatMap(each -> each);
    }

    /** How many test mails of a namespace have ended after a time, as far as statuses tell. */
    long testedSince(String name, Instant since) {
        return Stream.concat(
                inNamespace(mailServers, name).flatMap(server -> MailServerPlan.testedAt(server).stream()),
                inNamespace(organizations, name).flatMap(OrganizationPlan::testedAt))
                .filter(time -> time.isAfter(since))
                .count();
    }

    private static <R extends HasMetadata> Stream<R> inNamespace(Started<IndexerResourceCache<R>> cache, String name) {
        return cache.get().byIndex(OF_NAMESPACE, name).stream();
    }

    /**
     * Whether an organization of another namespace has links at a host of this name: by its route, so that declaring the
     * host takes it from nobody. Of two whose routes both have it, the one declared first.
     */
    boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        boolean own = hasLinksAt(organization, hostName);
        return organizations.get()
                .byIndex(LINK_HOST, hostName)
                .stream()
                .filter(other -> !other.getMetadata()
                        .getNamespace()
                        .equals(organization.getMetadata().getNamespace()))
                .filter(other -> !own || DECLARED.thenComparing(ObjectMeta::getNamespace)
                        .compare(other.getMetadata(), organization.getMetadata()) < 0)
                .anyMatch(other -> hasLinksAt(other, hostName));
    }

    private boolean hasLinksAt(OrganizationMailSettings organization, String hostName) {
        return organizationRoute(Lifecycle.key(organization)).flatMap(OrganizationRoute::linking)
                .filter(linking -> linking.hostName().equals(hostName))
                .isPresent();
    }

    /** Whether there is a server to send through. */
    public boolean hasActiveServer() {
        return all(mailServers)
                .anyMatch(server -> serverRoute(Lifecycle.key(server)).filter(ServerRoute::active).isPresent());
    }

    /**
     * The Secrets of the routes of a kind that name a bundle, as far as the watch has told of them. While their informer
     * starts there are none: nothing was planned before, and all that is there is planned after.
     */
    Stream<Secret> routesNaming(RouteSecret.Kind kind, String bundleName) {
        InformerEventSource<Secret, ?> routes = switch (kind) {
            case SERVER -> serverRoutes.get();
            case ORGANIZATION -> organizationRoutes.get();
            case RELAY -> throw new IllegalArgumentException("the relay's route names no bundles");
        };
        return routes.isRunning() ? routes.byIndex(BUNDLE, bundleName).stream() : Stream.empty();
    }

    /** A bundle that routes name. */
    Optional<Secret> authorities(String digest) {
        return get(authorities, namespace, RouteSecret.authoritiesName(digest));
    }

    /** Of a bundle that routes name; none if it is not there. */
    long authoritiesOctets(String digest) {
        return authorities(digest).flatMap(found -> entry(found, RouteSecret.AUTHORITIES_KEY))
                .map(bundle -> (long) bundle.length())
                .orElse(0L);
    }

    private <T> Optional<T> route(Secret secret, Class<T> type) {
        try {
            return entry(secret, RouteSecret.DATA_KEY).map(json -> RouteBundles.read(json, type,
                    digest -> authorities(digest).flatMap(found -> entry(found, RouteSecret.AUTHORITIES_KEY))));
        } catch (IllegalArgumentException damaged) {
            // As good as none: the plan makes it anew.
            return Optional.empty();
        }
    }

    /** An entry of a Secret as text. */
    public static Optional<String> entry(Secret secret, String key) {
        return Optional.ofNullable(secret.getData())
                .map(data -> data.get(key))
                .map(Caches::text);
    }

    static String text(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    /**
     * All of a kind. A list knows nothing of what this operator wrote a moment ago and the watch has not told yet, and
     * then tells nobody: so each is asked for by its name.
     */
    private static <R extends HasMetadata> Stream<R> all(Started<? extends Cache<R>> cache) {
        return cache.get().list().map(listed -> latest(cache.get(), listed));
    }

    /** A resource as it was read or written last, where a list or an index has found it. */
    public static <R extends HasMetadata> R latest(Cache<R> cache, R found) {
        return cache.get(ResourceID.fromResource(found)).orElse(found);
    }

    private static <R extends HasMetadata> Optional<R> get(Started<? extends Cache<R>> cache, String namespace,
            String name) {
        return cache.get().get(new ResourceID(name, namespace));
    }
}
