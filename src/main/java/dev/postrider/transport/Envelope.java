package dev.postrider.transport;

import java.util.List;

/**
 * What goes before the message: who sends it and who gets it (RFC 5321 section 2.3.1).
 *
 * @param sender     the reverse-path without angle brackets; empty for the null sender of a bounce
 * @param recipients the forward-paths without angle brackets, at least one
 * @param eightBit   whether the message may hold octets above 127 (RFC 6152)
 * @param smtpUtf8   whether addresses or headers need SMTPUTF8 (RFC 6531)
 */
public record Envelope(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8) {}
