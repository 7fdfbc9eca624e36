package dev.postrider.operator.kit;

import dev.postrider.api.PostriderApi;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnUpdateFilter;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What holds for every kind of resource that is reconciled. */
public final class Lifecycle {
    /** The name under which all fields are owned (server-side apply). */
    public static final String FIELD_MANAGER = "postrider";

    private Lifecycle() {}

    public static ResourceKey key(ResourceID id) {
        return new ResourceKey(id.getNamespace().orElse(""), id.getName());
    }

    public static ResourceKey key(HasMetadata resource) {
        return new ResourceKey(resource.getMetadata().getNamespace(), resource.getMetadata().getName());
    }

    public static boolean hasFinalizer(HasMetadata resource) {
        return resource.getMetadata().getFinalizers().contains(PostriderApi.FINALIZER);
    }

    /**
     * Does the work of one reconciliation. A deleted resource may have gone by an earlier one that the cache does not
     * tell of yet; then there is nothing left to do.
     */
    public static <R extends HasMetadata> UpdateControl<R> unlessGone(R resource, Supplier<UpdateControl<R>> work) {
        try {
            return work.get();
        } catch (KubernetesClientException e) {
            if (resource.getMetadata().getDeletionTimestamp() == null
                    || e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            return UpdateControl.noUpdate();
        }
    }

    /** Everything but a change of the status alone: annotations ask for tests and pauses, too. */
    public static <R extends HasMetadata> OnUpdateFilter<R> passAllButStatus() {
        return (now, before) -> !Objects.equals(now.getMetadata().getGeneration(), before.getMetadata().getGeneration())
                || !Objects.equals(now.getMetadata().getAnnotations(), before.getMetadata().getAnnotations())
                || !Objects.equals(now.getMetadata().getFinalizers(), before.getMetadata().getFinalizers())
                || !Objects.equals(now.getMetadata().getDeletionTimestamp(),
                        before.getMetadata().getDeletionTimestamp())
                // The informer's own list, made anew now and then, brings no news but shows drift.
                || Objects.equals(now.getMetadata().getResourceVersion(), before.getMetadata().getResourceVersion());
    }

    /**
     * Writes a status, if it is another one.
     *
     * @param patch     an empty resource of the kind
     * @param exclusive whether the API server is to refuse it if anybody else, as another operator, has written since the
     *                  resource was read
     * @param overtaken told of a resource that was changed meanwhile, and is to be planned for anew
     * @return whether it was written
     */
    public static <S, R extends CustomResource<?, S>> boolean writeStatus(R resource, R patch, S status,
            boolean exclusive, Context<R> context, Consumer<ResourceID> overtaken) {
        if (status.equals(resource.getStatus())) {
            return false;
        }
        patch.setMetadata(new ObjectMetaBuilder().withNamespace(resource.getMetadata().getNamespace())
                .withName(resource.getMetadata().getName())
                .withResourceVersion(exclusive ? resource.getMetadata().getResourceVersion() : null)
                .build());
        patch.setStatus(status);
        if (isOvertaken(resource, context.resourceOperations().serverSideApplyPrimaryStatus(patch))) {
            overtaken.accept(ResourceID.fromResource(resource));
        }
        return true;
    }

    /**
     * Whether somebody has changed a resource after it was planned for and before its status was written. The framework
     * takes an event that is older than an own write for known, and tells nobody of such a change.
     *
     * @param planned as it was read
     * @param written as the API server returned it from the write
     */
    private static boolean isOvertaken(HasMetadata planned, HasMetadata written) {
        return !Objects.equals(planned.getMetadata().getGeneration(), written.getMetadata().getGeneration())
                || !Objects.equals(planned.getMetadata().getAnnotations(), written.getMetadata().getAnnotations())
                || !Objects.equals(planned.getMetadata().getDeletionTimestamp(),
                        written.getMetadata().getDeletionTimestamp());
    }

    /** How long until the first of these, if there is any. */
    public static Optional<Duration> next(Optional<Instant> then, Optional<Duration> again, Instant now) {
        return Stream.concat(then.map(t -> until(t, now)).stream(), again.stream()).min(Comparator.naturalOrder());
    }

    /** How long until then, at least a moment. */
    public static Duration until(Instant then, Instant now) {
        Duration wait = Duration.between(now, then);
        return wait.compareTo(Duration.ofMillis(100)) < 0 ? Duration.ofMillis(100) : wait;
    }
}
