package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.Optional;

/**
 * What an organization's applications may send as, besides its own From.
 *
 * @param patterns  who else
 * @param otherwise what becomes of mail of others
 */
public record AllowedSenders(SenderPatterns patterns, Otherwise otherwise) {
    /** Nobody else. */
    public static final AllowedSenders NONE = new AllowedSenders(List.of(), Otherwise.REFUSE);

    /** What becomes of mail of others. */
    public enum Otherwise {
        /** 550 5.7.1. */
        REFUSE,
        /** It gets the organization's From and envelope sender. */
        REWRITE
    }

    @JsonCreator
    public AllowedSenders {}

    /** With these patterns, as of {@link SenderPatterns}. */
    public AllowedSenders(List<String> patterns, Otherwise otherwise) {
        this(new SenderPatterns(patterns), otherwise);
    }

    /** Whether a pattern is for an address. */
    public boolean allow(CanonicalAddress address) {
        return patterns.cover(address);
    }

    /** The address among the patterns that this one is, whatever the case of its letters. */
    public Optional<CanonicalAddress> spelling(CanonicalAddress address) {
        return patterns.spelling(address);
    }
}
