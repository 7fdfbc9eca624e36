package dev.postrider.operator;

import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Secrets with bundles of authorities: written before a route that names them, and deleted when no route does any
 * more. Which routes name one is known by what was written here, and for those of before by their annotations. One
 * thread at a time writes routes with bundles, so that none is deleted that another is about to name.
 */
public final class AuthoritySecrets {
    private final Cluster cluster;
    private final InformerEventSource<Secret, ?> routes;
    private final Map<String, Set<String>> written = new HashMap<>();

    /**
     * Those of a cluster.
     *
     * @param routes the Secrets of the routes that may name bundles
     */
    public AuthoritySecrets(Cluster cluster, InformerEventSource<Secret, ?> routes) {
        this.cluster = cluster;
        this.routes = routes;
    }

    /**
     * Writes a route, its bundles before it, and deletes those that only its former self named.
     *
     * @param there  what the cache holds of the route
     * @param wanted made of the same route
     */
    public <P extends HasMetadata> void apply(Optional<Secret> there, Object route, Secret wanted,
            InformerEventSource<Secret, P> routeSource, InformerEventSource<Secret, P> source, Context<P> context) {
        Map<String, String> bundles = RouteBundles.detach(route).bundles();
        String name = wanted.getMetadata().getName();
        synchronized (this) {
            Set<String> before = there.map(AuthoritySecrets::named).orElse(Set.of());
            if (bundles.isEmpty() && before.isEmpty() && !written.containsKey(name)) {
                Secrets.createOrApplyRoute(there, wanted, routeSource, context);
                return;
            }
            written.put(name, Set.copyOf(bundles.keySet()));
            bundles.forEach((digest, bundle) -> Secrets.createOrApplyRoute(cluster.caches().authorities(digest),
                    Secrets.authorities(digest, bundle, cluster.namespace(), cluster.state().configMap()), source,
                    context));
            Secrets.createOrApplyRoute(there, wanted, routeSource, context);
            deleteUnnamed(before, context);
        }
    }

    /** Deletes a route, and the bundles that no other names. */
    public <P extends HasMetadata> void remove(Optional<Secret> there, Context<P> context) {
        synchronized (this) {
            there.ifPresent(secret -> {
                context.getClient().resource(secret).delete();
                written.put(secret.getMetadata().getName(), Set.of());
                deleteUnnamed(named(secret), context);
                written.remove(secret.getMetadata().getName());
            });
        }
    }

    private void deleteUnnamed(Set<String> digests, Context<?> context) {
        if (digests.isEmpty()) {
            return;
        }
        Set<String> named = Stream.concat(
                written.values().stream().flatMap(Set::stream),
                routes.list()
                        .filter(route -> !written.containsKey(route.getMetadata().getName()))
                        .map(AuthoritySecrets::named)
                        .flatMap(Set::stream))
                .collect(Collectors.toSet());
        digests.stream()
                .filter(digest -> !named.contains(digest))
                .forEach(digest -> context.getClient()
                        .secrets()
                        .inNamespace(cluster.namespace())
                        .withName(RouteSecret.authoritiesName(digest))
                        .delete());
    }

    private static Set<String> named(Secret route) {
        return Optional.ofNullable(route.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(RouteSecret.AUTHORITIES_ANNOTATION))
                .map(text -> Arrays.stream(text.split(",")).collect(Collectors.toSet()))
                .orElse(Set.of());
    }
}
