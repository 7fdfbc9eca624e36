package dev.postrider.message;

import java.util.Optional;

/**
 * Leave to send a message in parts (RFC 2046 section 5.2.2) where it is too large for one piece.
 *
 * @param octets of a piece at most, where the server does not take less; empty if only the server's limit counts
 * @param id     of the message: unique, the same at each attempt, and of the form of a Message-ID without angle
 *               brackets
 */
public record Splitting(Optional<Long> octets, String id) implements Oversize {

    /** The same for parts of one size: parts of another attempt that are divided otherwise do not belong to them. */
    public String id(long most) {
        return id.replaceFirst("@", "." + most + "@");
    }
}
