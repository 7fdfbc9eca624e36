package dev.postrider.relay.admin;

import dev.postrider.access.Decision;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.util.Optional;

/** Who may see the queue, who may change it, and who may read metrics. Safe for many threads. */
@FunctionalInterface
public interface Access {
    /** Lets nobody in. */
    Access NOBODY = (token, verb, organization) -> Decision.UNKNOWN;

    /** What somebody wants to do, as Kubernetes calls it. */
    enum Verb {
        GET, UPDATE
    }

    /**
     * Decides on one request.
     *
     * @param organization whose messages are meant; empty for those of all
     * @throws IOException if that cannot be told now; then nothing is allowed
     */
    Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws IOException;

    /**
     * Whether metrics may be read; nobody may where nothing else is said.
     *
     * @throws IOException if that cannot be told now; then nothing is allowed
     */
    default Decision metrics(String token) throws IOException {
        return Decision.UNKNOWN;
    }
}
