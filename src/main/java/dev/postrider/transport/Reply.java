package dev.postrider.transport;

import java.util.Optional;

/**
 * A server's reply (RFC 5321 section 4.2).
 *
 * @param code     200 to 599
 * @param enhanced enhanced status code (RFC 3463), as {@code 5.7.1}, where the server gave one
 * @param text     the whole reply in one line, the code included: {@code 250 2.0.0 Ok: queued as 4XyZ}
 */
public record Reply(int code, Optional<String> enhanced, String text) {}
