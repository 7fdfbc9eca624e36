package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.util.function.Consumer;

/**
 * Wakes the reconciler of a resource, where its namespace is this shard's. Of resources of other shards nobody is woken
 * here, but what they declare counts for plans here, too: whoever is to tell those plans is told of each change.
 */
public final class Nudges<P extends HasMetadata> extends SimpleInboundEventSource<P> implements ResourceEventAware<P> {
    private final Shard shard;
    private final Consumer<P> others;

    /**
     * Of one kind of resource.
     *
     * @param others told of each resource of another shard that was added, changed or deleted; as the informer starts,
     *               too
     */
    public Nudges(Shard shard, Consumer<P> others) {
        super("nudges");
        this.shard = shard;
        this.others = others;
    }

    @Override
    public void propagateEvent(ResourceID resource) {
        if (shard.holds(resource.getNamespace().orElse(""))) {
            super.propagateEvent(resource);
        }
    }

    @Override
    public void onResourceCreated(P resource) {
        tellOfOther(resource);
    }

    @Override
    public void onResourceUpdated(P now, P before) {
        tellOfOther(now);
    }

    @Override
    public void onResourceDeleted(P resource) {
        tellOfOther(resource);
    }

    private void tellOfOther(P resource) {
        if (!shard.holds(resource)) {
            others.accept(resource);
        }
    }
}
