package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;

/** Who delivers what comes in. Called by the threads that bring it; must not block. */
public interface Arrivals {

    /**
     * Whether a message that is about to be committed would be started soon, so that it is not put away first.
     *
     * @param octets its size
     * @param urgent whether it is of an urgent class
     */
    boolean wants(ResourceKey organization, long octets, boolean urgent);

    /** A wanted message is durable. It is claimed for whoever listens, who settles or releases it. */
    void arrived(QueuedMessage message);

    /**
     * A message of this organization is durable and due.
     *
     * @param mayBeUrgent whether it is of an urgent class, or that is not known
     */
    void arrived(ResourceKey organization, boolean mayBeUrgent);

    /** A person wants messages of this organization to be tried now. */
    default void released(ResourceKey organization) {
        arrived(organization, true);
    }

    /** That may have been said of any organization, and was not heard. */
    default void releasesMissed() {
        // Mail that is due is found in the tables.
    }
}
