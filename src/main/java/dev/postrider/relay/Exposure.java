package dev.postrider.relay;

import dev.postrider.relay.admin.Access;

/**
 * How the relay is seen from outside.
 *
 * @param access who may see and change the queue besides who has the installation's token
 */
public record Exposure(Access access) {
    /** Nobody else sees anything. */
    public static final Exposure DEFAULT = new Exposure(Access.NOBODY);
}
