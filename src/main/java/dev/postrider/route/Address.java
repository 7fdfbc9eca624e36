package dev.postrider.route;

import java.util.Optional;

/**
 * A mail address and the name shown for it.
 *
 * @param address addr-spec of RFC 5322, without angle brackets
 * @param name    the display name
 */
public record Address(String address, Optional<String> name) {}
