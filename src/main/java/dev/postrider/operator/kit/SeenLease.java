package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Lease as it was read or written last.
 *
 * @param since since when it is seen so, by {@link Leadership#now}
 */
record SeenLease(Lease lease, long since) {
    /** As it was read, which is no news where it is the version that was seen before. */
    static SeenLease read(Lease now, @Nullable SeenLease before, long at) {
        return before != null && Objects.equals(version(now), version(before.lease)) ? before : new SeenLease(now, at);
    }

    /** As it is once it was deleted: without a version, which every one that is there has. */
    Lease deleted() {
        return new LeaseBuilder(lease).editMetadata().withResourceVersion(null).endMetadata().build();
    }

    boolean isDeleted() {
        return version(lease) == null;
    }

    private static @Nullable String version(Lease lease) {
        return lease.getMetadata().getResourceVersion();
    }

    /**
     * Gives it back in its holder's place. The version sees to it that whoever has it after all keeps it.
     *
     * @throws KubernetesClientException if that was not possible; a conflict (409) if it is another by now
     */
    void giveBack(KubernetesClient client) {
        client.resource(new LeaseBuilder(lease).editSpec().withHolderIdentity("").endSpec().build()).update();
    }

    /** Who has it; empty for nobody, as after it was given back. */
    String holder() {
        return Optional.ofNullable(lease.getSpec()).map(LeaseSpec::getHolderIdentity).orElse("");
    }

    /**
     * Whether nobody has it, or whoever had it gave no sign of life for as long as it lasts.
     *
     * @param otherwise how long it lasts where it does not say
     */
    boolean isFree(long now, Duration otherwise) {
        return holder().isEmpty() || now - since >= lasts(otherwise).toNanos();
    }

    private Duration lasts(Duration otherwise) {
        return Optional.ofNullable(lease.getSpec().getLeaseDurationSeconds())
                .map(seconds -> Duration.ofSeconds(seconds))
                .orElse(otherwise);
    }
}
