package dev.postrider.operator.kit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which resources of a kind were reconciled since the start. What comes of their Secrets before that is no news: the first
 * reconciliation, which is submitted in any case, reads it. At a start these are all that there are, and each would be
 * reconciled twice. Safe for many threads.
 */
public final class FirstReconciliations {
    private final Set<ResourceID> begun = ConcurrentHashMap.newKeySet();

    /** One begins: from now on all that comes is news. It must not have read anything yet. */
    public void begin(HasMetadata resource) {
        begun.add(ResourceID.fromResource(resource));
    }

    /** A resource is gone. */
    public void forget(HasMetadata resource) {
        begun.remove(ResourceID.fromResource(resource));
    }

    /** Whether what comes is news for one of these. */
    public boolean isNews(Set<ResourceID> resources) {
        return resources.stream().anyMatch(begun::contains);
    }
}
