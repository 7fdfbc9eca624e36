package dev.postrider.transport;

import java.util.Optional;

/**
 * Leave to send a message in parts (RFC 2046 section 5.2.2) where it is too large for one piece.
 *
 * @param octets of a piece at most, where the server does not take less; empty if only the server's limit counts
 * @param id     by which the parts belong together: unique, the same at each attempt, and of the form of a Message-ID
 *               without angle brackets
 */
public record Splitting(Optional<Long> octets, String id) implements Oversize {}
