package dev.postrider.relay.routes;

import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@link Routes} as the Secrets of one namespace say. A Secret that cannot be read changes nothing: the last
 * good route stays.
 */
public final class RouteSecrets implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteSecrets.class);
    /** Secrets that are asked for at once: some hundred kilobytes, however many there are. */
    private static final long PAGE = 250;

    private final Routes routes;
    private final SharedIndexInformer<Secret> informer;
    private final Map<String, ResourceKey> sources = new ConcurrentHashMap<>();
    /** Bundles of authorities by their digests: one text for all routes that name it. */
    private final Map<String, String> bundles = new ConcurrentHashMap<>();
    /** Routes that name a bundle that is not there yet. */
    private final Map<String, Secret> waiting = new ConcurrentHashMap<>();

    private RouteSecrets(Routes routes, KubernetesClient client, String namespace) {
        this.routes = routes;
        this.informer = client.secrets()
                .inNamespace(namespace)
                .withLabel(RouteSecret.LABEL)
                .withLimit(PAGE)
                .runnableInformer(0);
        informer.removeNamespaceIndex();
        informer.itemStore(new SecretsRead(namespace, this::read, this::remove));
    }

    /**
     * Starts to watch; returns at once. {@link Routes#isComplete} turns true when all Secrets were seen. While the
     * API server does not answer, it is tried again and the routes stay.
     *
     * @param client    closed by whoever made it
     * @param namespace the relay's own
     */
    public static RouteSecrets watch(KubernetesClient client, String namespace, Routes routes) {
        var watch = new RouteSecrets(routes, client, namespace);
        watch.informer.exceptionHandler((started, e) -> {
            LOG.warn("routes of namespace {} cannot be watched, trying again: {}", namespace, e.getMessage());
            return true;
        });
        watch.informer.start().whenComplete((started, e) -> {
            if (e == null) {
                routes.markComplete();
            } else {
                LOG.error("routes of namespace {} are not watched: {}", namespace, e.getMessage());
            }
        });
        return watch;
    }

    private void read(Secret secret) {
        String name = secret.getMetadata().getName();
        try {
            if (isBundle(secret)) {
                readBundle(secret);
                return;
            }
            Optional<RouteSecret.Kind> kind = kind(secret);
            if (kind.isEmpty()) {
                LOG.warn("Secret {} has a label {} of no known kind, passed over", name, RouteSecret.LABEL);
                return;
            }
            waiting.remove(name);
            put(name, RouteBundles.read(entry(secret, RouteSecret.DATA_KEY), kind.get().type(),
                    digest -> Optional.ofNullable(bundles.get(digest))));
        } catch (RouteBundles.MissingBundleException e) {
            waiting.put(name, secret);
            LOG.info("route in Secret {} waits, the last good one stays: {}", name, e.getMessage());
        } catch (IllegalArgumentException e) {
            LOG.warn("route in Secret {} cannot be read, the last good one stays: {}", name, e.getMessage());
        }
    }

    private static boolean isBundle(Secret secret) {
        return RouteSecret.AUTHORITIES.equals(secret.getMetadata().getLabels().get(RouteSecret.LABEL));
    }

    /** Named by what is in it, so that no route gets other authorities than those that it was made with. */
    private void readBundle(Secret secret) {
        String bundle = entry(secret, RouteSecret.AUTHORITIES_KEY);
        String digest = Sha256.of(bundle);
        if (!secret.getMetadata().getName().equals(RouteSecret.authoritiesName(digest))) {
            throw new IllegalArgumentException("its content is not what its name says");
        }
        if (bundles.putIfAbsent(digest, bundle) == null) {
            List.copyOf(waiting.values()).forEach(this::read);
        }
    }

    private void put(String name, Object route) {
        switch (route) {
            case OrganizationRoute organization -> {
                sources.put(name, organization.key());
                routes.put(organization);
            }
            case ServerRoute server -> {
                sources.put(name, server.key());
                routes.put(server);
            }
            case RelayRoute relay -> routes.put(relay);
            default -> throw new IllegalArgumentException("no route: " + route.getClass());
        }
    }

    private static Optional<RouteSecret.Kind> kind(Secret secret) {
        return kind(secret.getMetadata().getLabels().get(RouteSecret.LABEL));
    }

    private static Optional<RouteSecret.Kind> kind(@Nullable String label) {
        return Arrays.stream(RouteSecret.Kind.values()).filter(kind -> kind.labelValue().equals(label)).findFirst();
    }

    private static String entry(Secret secret, String key) {
        String base64 = Objects.requireNonNullElse(secret.getData(), Map.<String, String>of()).get(key);
        if (base64 == null) {
            throw new IllegalArgumentException("no entry " + key);
        }
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("entry " + key + " is not base64");
        }
    }

    private void remove(String name, String label) {
        if (RouteSecret.AUTHORITIES.equals(label)) {
            bundles.keySet().removeIf(digest -> RouteSecret.authoritiesName(digest).equals(name));
            return;
        }
        waiting.remove(name);
        ResourceKey key = sources.remove(name);
        Optional<RouteSecret.Kind> kind = kind(label);
        if (key == null || kind.isEmpty()) {
            return;
        }
        switch (kind.get()) {
            case ORGANIZATION -> routes.removeOrganization(key);
            case SERVER -> routes.removeServer(key);
            case RELAY -> LOG.info("the relay's own route was deleted; the last one stays");
        }
    }

    /** Whether the watch runs. */
    public boolean isWatching() {
        return informer.isWatching();
    }

    @Override
    public void close() {
        informer.stop();
    }
}
