package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.util.Optional;

/**
 * Keeps the connections to a server within its limit, over all relays that share the queue. Safe for many threads; may
 * block as long as a query of the database does.
 */
public interface ConnectionPermits {

    /**
     * Takes the right to open a connection; to be asked before it is opened.
     *
     * @param limit how many connections the server takes from all relays together
     * @return empty if they are all taken, or if the database cannot be asked now: try again a little later
     */
    Optional<Permit> tryTake(ResourceKey server, int limit);

    /** How many connections to a server all relays have now; those of this relay, if the database cannot be asked. */
    int taken(ResourceKey server);

    /** From now on this is told, on a thread that it must not hold up, what other relays lack. */
    void onWanted(Wanted listener);

    /** Another relay has mail for a server and no permit to be had. */
    @FunctionalInterface
    interface Wanted {
        /**
         * Asks to give up a connection.
         *
         * @param busyToo also one that carries mail, once that is through: this relay has more than its share
         */
        void wanted(ResourceKey server, boolean busyToo);
    }

    /** The right to a connection. */
    interface Permit extends AutoCloseable {

        /**
         * Whether it still stands; to be asked before each message. A relay that was not heard of for long loses its
         * permits to the others and must close the connection.
         */
        boolean isHeld();

        /** Gives it back; to be called when the connection is closed. A second call does nothing. */
        @Override
        void close();
    }
}
