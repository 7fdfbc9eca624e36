package dev.postrider.message;

import java.util.Optional;

/**
 * Leave to send a smaller message in the place of one that is too large.
 *
 * @param octets   of a message at most, where the server does not take less; empty if only the server's limit counts
 * @param shrinker makes it
 */
public record Shrinking(Optional<Long> octets, Shrinker shrinker) implements Oversize {

    /** Makes what is sent in the place of a message. */
    @FunctionalInterface
    public interface Shrinker {
        /**
         * What is to be sent; asked before each attempt, also where the message is small enough.
         *
         * @param most octets that the server takes
         * @throws MessageException if there is nothing of that size to be sent, or not now
         */
        MessageContent within(long most) throws MessageException;
    }
}
