package dev.postrider.relay.admin;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.util.Optional;

/** Who may see the queue, and who may change it. Safe for many threads. */
@FunctionalInterface
public interface Access {
    /** Lets nobody in. */
    Access NOBODY = (token, verb, organization) -> new Decision(Outcome.UNKNOWN, "");

    /** What somebody wants to do, as Kubernetes calls it. */
    enum Verb {
        GET, UPDATE
    }

    /** What is said to that. */
    enum Outcome {
        ALLOWED, FORBIDDEN,
        /** Nobody is known to have such a token. */
        UNKNOWN
    }

    /**
     * The answer.
     *
     * @param who whose token it is, for the log; empty if nobody's
     */
    record Decision(Outcome outcome, String who) {}

    /**
     * Decides on one request.
     *
     * @param organization whose messages are meant; empty for those of all
     * @throws IOException if that cannot be told now; then nothing is allowed
     */
    Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws IOException;
}
