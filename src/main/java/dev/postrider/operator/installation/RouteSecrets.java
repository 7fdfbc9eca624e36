package dev.postrider.operator.installation;

import dev.postrider.operator.kit.Secrets;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The Secrets that bring routes, and the bundles that they name, to the relay. */
public final class RouteSecrets {
    private static final String TYPE = "postrider.dev/route";

    private RouteSecrets() {}

    /**
     * A route for the relay.
     *
     * @param source    the resource that it was made from
     * @param sourceUid its UID
     * @param owner     goes, and takes the route along
     */
    public static Secret route(RouteSecret.Kind kind, ResourceKey source, String sourceUid, Object route,
            String namespace, HasMetadata owner) {
        RouteBundles.Detached detached = RouteBundles.detach(route);
        Map<String, String> annotations = new HashMap<>(Map.of(RouteSecret.SOURCE_ANNOTATION, source.toString(),
                RouteSecret.SOURCE_UID_ANNOTATION, sourceUid));
        if (!detached.bundles().isEmpty()) {
            annotations.put(RouteSecret.AUTHORITIES_ANNOTATION, String.join(",", detached.bundles().keySet()));
        }
        return secret(kind.secretName(source), kind.labelValue(), annotations, RouteSecret.DATA_KEY, detached.json(),
                namespace, owner);
    }

    /** A bundle of authorities that routes name. */
    static Secret authorities(String digest, String bundle, String namespace, HasMetadata owner) {
        return secret(RouteSecret.authoritiesName(digest), RouteSecret.AUTHORITIES, Map.of(),
                RouteSecret.AUTHORITIES_KEY, bundle, namespace, owner);
    }

    private static Secret secret(String name, String label, Map<String, String> annotations, String key, String value,
            String namespace, HasMetadata owner) {
        return new SecretBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withLabels(Map.of(RouteSecret.LABEL, label, Secrets.MANAGED_BY_LABEL, Secrets.MANAGED_BY))
                .withAnnotations(annotations)
                .withOwnerReferences(Secrets.ownedBy(owner))
                .endMetadata()
                .withType(TYPE)
                .withData(Map.of(key, Secrets.base64(value)))
                .build();
    }

    /**
     * Makes the Secret of a route as it should be, if it is not. One without its label is not in the cache, is Postrider's
     * all the same, and is mended.
     */
    public static <P extends HasMetadata> void createOrApply(Optional<Secret> there, Secret wanted,
            InformerEventSource<Secret, P> source, Context<P> context) {
        try {
            Secrets.createOrApply(there, wanted, source, context);
        } catch (KubernetesClientException e) {
            if (there.isPresent() || e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            Secrets.apply(wanted, source, context);
        }
    }

    /** The resource that a route was made from. */
    public static Set<ResourceID> sourceOf(Secret route) {
        Map<String, String> annotations = route.getMetadata().getAnnotations();
        String source = annotations == null ? null : annotations.get(RouteSecret.SOURCE_ANNOTATION);
        if (source == null || source.indexOf('/') <= 0) {
            return Set.of();
        }
        ResourceKey key = ResourceKey.parse(source);
        return Set.of(new ResourceID(key.name(), key.namespace()));
    }
}
