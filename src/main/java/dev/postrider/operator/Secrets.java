package dev.postrider.operator;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The Secrets that the operator writes, and whether one that is there is as it should be. */
public final class Secrets {
    public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
    public static final String MANAGED_BY = "postrider";

    private static final String ROUTE_TYPE = "postrider.dev/route";

    private Secrets() {}

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
                .withLabels(Map.of(RouteSecret.LABEL, label, MANAGED_BY_LABEL, MANAGED_BY))
                .withAnnotations(annotations)
                .withOwnerReferences(ownedBy(owner))
                .endMetadata()
                .withType(ROUTE_TYPE)
                .withData(Map.of(key, base64(value)))
                .build();
    }

    public static OwnerReference ownedBy(HasMetadata owner) {
        return new OwnerReferenceBuilder().withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .build();
    }

    /**
     * Makes a Secret as it should be, if it is not. One that the cache does not hold is created, which costs the API
     * server less than applying, and never overwrites what is somebody else's.
     *
     * @param there what the cache holds of it
     * @return whether anything was written
     * @throws KubernetesClientException with code 409 if there is such a Secret though the cache does not hold it
     */
    public static <P extends HasMetadata> boolean createOrApply(Optional<Secret> there, Secret wanted,
            InformerEventSource<Secret, P> source, Context<P> context) {
        if (there.isEmpty()) {
            context.resourceOperations().create(wanted, source);
            return true;
        }
        if (isAsWanted(there.get(), wanted)) {
            return false;
        }
        apply(wanted, source, context);
        return true;
    }

    /** The same for a route: one without its label is not in the cache, is Postrider's all the same, and is mended. */
    public static <P extends HasMetadata> void createOrApplyRoute(Optional<Secret> there, Secret wanted,
            InformerEventSource<Secret, P> source, Context<P> context) {
        try {
            createOrApply(there, wanted, source, context);
        } catch (KubernetesClientException e) {
            if (there.isPresent() || e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            apply(wanted, source, context);
        }
    }

    private static <P extends HasMetadata> void apply(Secret wanted, InformerEventSource<Secret, P> source,
            Context<P> context) {
        Secret applied = context.resourceOperations().serverSideApply(wanted, source);
        // What others added is theirs and outlives applying; in a Secret of Postrider's own nobody else has a say.
        String foreign = applied.getData()
                .keySet()
                .stream()
                .filter(key -> !wanted.getData().containsKey(key))
                .map(key -> "\"" + key + "\":null")
                .collect(Collectors.joining(","));
        if (!foreign.isEmpty()) {
            context.getClient()
                    .resource(applied)
                    .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\":{" + foreign + "}}");
        }
    }

    /** Whether nothing of what is wanted is missing or different; entries that nobody asked for are different too. */
    static boolean isAsWanted(Secret there, Secret wanted) {
        return Objects.equals(there.getData(), wanted.getData()) && contains(there.getMetadata().getLabels(),
                wanted.getMetadata().getLabels())
                && contains(there.getMetadata().getAnnotations(), wanted.getMetadata().getAnnotations())
                && there.getMetadata().getOwnerReferences().containsAll(wanted.getMetadata().getOwnerReferences());
    }

    private static boolean contains(Map<String, String> there, Map<String, String> wanted) {
        return wanted.isEmpty() || there != null && there.entrySet().containsAll(wanted.entrySet());
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
