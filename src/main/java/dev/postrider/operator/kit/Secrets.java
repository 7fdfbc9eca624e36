package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The Secrets that the operator writes, and whether one that is there is as it should be. */
public final class Secrets {
    public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
    public static final String MANAGED_BY = "postrider";

    private Secrets() {}

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

    /** Makes a Secret as it should be, whoever made the one that is there. */
    public static <P extends HasMetadata> void apply(Secret wanted, InformerEventSource<Secret, P> source,
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

    /** A text as the entry of a Secret. */
    public static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
