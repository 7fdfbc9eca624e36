package dev.postrider.relay.submitter;

import dev.postrider.route.ResourceKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How many sessions wait for the check of a login: a tenant's own server that never answers holds no more of them than
 * these. Safe for many threads.
 */
final class RunningChecks {
    static final int MOST_OF_ORGANIZATION = 100;
    static final int MOST_OF_NAMESPACE = 150;

    private final Map<ResourceKey, Integer> organizations = new HashMap<>();
    private final Map<String, Integer> namespaces = new HashMap<>();

    /** Begins one, or says why it may not begin; one that has begun must be ended. */
    synchronized Optional<String> begin(ResourceKey organization) {
        if (organizations.getOrDefault(organization, 0) >= MOST_OF_ORGANIZATION) {
            return Optional.of("too many logins of this organization are being checked, try again later");
        }
        if (namespaces.getOrDefault(organization.namespace(), 0) >= MOST_OF_NAMESPACE) {
            return Optional.of("too many logins of this namespace are being checked, try again later");
        }
        organizations.merge(organization, 1, Integer::sum);
        namespaces.merge(organization.namespace(), 1, Integer::sum);
        return Optional.empty();
    }

    synchronized void end(ResourceKey organization) {
        organizations.computeIfPresent(organization, (_, count) -> count == 1 ? null : count - 1);
        namespaces.computeIfPresent(organization.namespace(), (_, count) -> count == 1 ? null : count - 1);
    }
}
