package dev.postrider.route;

import java.util.List;
import java.util.Optional;

/**
 * What an organization's applications may send as, besides its own From.
 *
 * @param patterns  addresses ({@code sales@acme.example}), domains ({@code @acme.example}), and the subdomains of one,
 *                  without itself ({@code @*.acme.example}); domains as of {@link CanonicalAddress#domain}
 * @param otherwise what becomes of mail of others
 */
public record AllowedSenders(List<String> patterns, Otherwise otherwise) {
    /** Nobody else. */
    public static final AllowedSenders NONE = new AllowedSenders(List.of(), Otherwise.REFUSE);

    /** What becomes of mail of others. */
    public enum Otherwise {
        /** 550 5.7.1. */
        REFUSE,
        /** It gets the organization's From and envelope sender. */
        REWRITE
    }

    /** Whether a pattern is for an address. */
    public boolean allow(CanonicalAddress address) {
        return patterns.stream().anyMatch(pattern -> matches(pattern, address));
    }

    /** The address among the patterns that this one is, whatever the case of its letters. */
    public Optional<CanonicalAddress> spelling(CanonicalAddress address) {
        return patterns.stream()
                .filter(pattern -> !pattern.startsWith("@") && matches(pattern, address))
                .map(CanonicalAddress::of)
                .findFirst();
    }

    private static boolean matches(String pattern, CanonicalAddress address) {
        return pattern.startsWith("@")
                ? DomainPattern.covers(pattern.substring(1), address.domain())
                : pattern.endsWith(address.domain()) && CanonicalAddress.of(pattern).isSameSender(address);
    }
}
