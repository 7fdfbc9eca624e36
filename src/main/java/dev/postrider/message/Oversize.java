package dev.postrider.message;

import java.util.Optional;

/** What may be done with a message that is too large for one piece. */
public sealed interface Oversize permits Splitting, Shrinking {

    /** Octets of a piece at most, where the server does not take less; empty if only the server's limit counts. */
    Optional<Long> octets();

    /** Octets of a piece that a server takes. */
    default long most(Optional<Long> server) {
        return Math.min(server.orElse(Long.MAX_VALUE), octets().orElse(Long.MAX_VALUE));
    }
}
