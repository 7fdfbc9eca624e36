package dev.postrider.route;

import java.util.Optional;

/**
 * A mail address and the name shown for it.
 *
 * @param address addr-spec of RFC 5322, without angle brackets
 * @param name    the display name
 */
public record Address(String address, Optional<String> name) {

    /** The address with a domain in A-labels; empty if what stands before the at-sign is not in ASCII. */
    public Optional<String> ascii() {
        String ascii = address.substring(0, address.lastIndexOf('@') + 1) + CanonicalAddress.of(address).domain();
        return ascii.chars().allMatch(c -> c < 128) ? Optional.of(ascii) : Optional.empty();
    }
}
