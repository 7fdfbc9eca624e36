package dev.postrider.operator.installation;

import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Started;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Secrets with bundles of authorities: written before a route that names them, and deleted when no route does any
 * more. Which routes name one is known by what was written here, and for those of before by their annotations. One
 * thread at a time writes routes with bundles, so that none is deleted that another is about to name.
 */
public final class AuthoritySecrets {
    /** The routes that may name bundles. */
    private static final List<RouteSecret.Kind> KINDS = List.of(RouteSecret.Kind.SERVER, RouteSecret.Kind.ORGANIZATION);

    private final Cluster cluster;
    /** The routes with bundles that were written here, by their names: watches tell of them later. */
    private final Map<String, Written> written = new ConcurrentHashMap<>();
    private final Started<InformerEventSource<Secret, ?>> bundles = new Started<>("the bundles of authorities");

    /**
     * A route as it was written.
     *
     * @param label   of its kind
     * @param source  what it was made from
     * @param bundles the names of the Secrets with those that it names
     */
    private record Written(String label, Set<ResourceID> source, Set<String> bundles) {
        static Written of(Secret route, Set<String> digests) {
            return new Written(route.getMetadata().getLabels().getOrDefault(RouteSecret.LABEL, ""),
                    RouteSecrets.sourceOf(route),
                    digests.stream().map(RouteSecret::authoritiesName).collect(Collectors.toUnmodifiableSet()));
        }
    }

    AuthoritySecrets(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Whose cache holds the bundles: one for the routes of all kinds. */
    public void source(InformerEventSource<Secret, ?> informer) {
        bundles.set(informer);
    }

    /**
     * Writes a route, its bundles before it, and deletes those that only its former self named.
     *
     * @param there  what the cache holds of the route
     * @param wanted made of the same route
     */
    public <P extends HasMetadata> void apply(Optional<Secret> there, Object route, Secret wanted,
            InformerEventSource<Secret, P> routes, Context<P> context) {
        Map<String, String> named = RouteBundles.detach(route).bundles();
        Set<String> before = there.map(AuthoritySecrets::named).orElse(Set.of());
        String name = wanted.getMetadata().getName();
        if (named.isEmpty() && before.isEmpty() && !written.containsKey(name)) {
            RouteSecrets.createOrApply(there, wanted, routes, context);
            return;
        }
        List<String> missing = named.keySet()
                .stream()
                .filter(digest -> cluster.caches().authorities(digest).isEmpty())
                .map(RouteSecret::authoritiesName)
                .toList();
        synchronized (this) {
            // Before it is seen whether they are there: of one that goes after that, the route is told.
            written.put(name, Written.of(wanted, named.keySet()));
            InformerEventSource<Secret, P> source = source();
            named.forEach((digest, bundle) -> RouteSecrets.createOrApply(cluster.caches().authorities(digest),
                    RouteSecrets.authorities(digest, bundle, cluster.namespace(), cluster.state().configMap()), source,
                    context));
            RouteSecrets.createOrApply(there, wanted, routes, context);
            deleteUnnamed(before, context.getClient());
        }
        // No event tells of what was written here, and a route of another shard may have waited for it.
        missing.stream()
                .flatMap(bundle -> naming(RouteSecret.Kind.SERVER, bundle).stream())
                .forEach(id -> cluster.dependencies().serverChanged(Lifecycle.key(id)));
    }

    /** Deletes a route, and the bundles that no other names. */
    public void remove(Optional<Secret> there, KubernetesClient client) {
        if (there.isEmpty()) {
            return;
        }
        Secret secret = there.get();
        String name = secret.getMetadata().getName();
        Set<String> before = named(secret);
        if (before.isEmpty() && !written.containsKey(name)) {
            client.resource(secret).delete();
            return;
        }
        synchronized (this) {
            client.resource(secret).delete();
            written.put(name, Written.of(secret, Set.of()));
            deleteUnnamed(before, client);
            written.remove(name);
        }
    }

    /** What is written is kept in the cache; whose resources the cache wakes otherwise is of no account. */
    @SuppressWarnings("unchecked")
    private <P extends HasMetadata> InformerEventSource<Secret, P> source() {
        return (InformerEventSource<Secret, P>) bundles.get();
    }

    private void deleteUnnamed(Set<String> digests, KubernetesClient client) {
        if (digests.isEmpty()) {
            return;
        }
        Set<String> named = written.values()
                .stream()
                .flatMap(route -> route.bundles.stream())
                .collect(Collectors.toSet());
        digests.stream()
                .map(RouteSecret::authoritiesName)
                .filter(bundle -> !named.contains(bundle))
                .filter(bundle -> KINDS.stream()
                        .flatMap(kind -> cluster.caches().routesNaming(kind, bundle))
                        .allMatch(route -> written.containsKey(route.getMetadata().getName())))
                .forEach(bundle -> client.secrets().inNamespace(cluster.namespace()).withName(bundle).delete());
    }

    /**
     * Whose routes of a kind name a bundle. Where it is gone all the same, they write it again: another shard may have
     * deleted it that did not know yet of the route that names it.
     */
    public Set<ResourceID> naming(RouteSecret.Kind kind, String bundleName) {
        return Stream.concat(
                written.values()
                        .stream()
                        .filter(route -> route.label.equals(kind.labelValue()) && route.bundles.contains(bundleName))
                        .flatMap(route -> route.source.stream()),
                cluster.caches()
                        .routesNaming(kind, bundleName)
                        .flatMap(route -> RouteSecrets.sourceOf(route).stream()))
                .collect(Collectors.toSet());
    }

    /** The digests of the bundles that a route names. */
    static Set<String> named(Secret route) {
        return Optional.ofNullable(route.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(RouteSecret.AUTHORITIES_ANNOTATION))
                .map(text -> Arrays.stream(text.split(",")).collect(Collectors.toSet()))
                .orElse(Set.of());
    }
}
