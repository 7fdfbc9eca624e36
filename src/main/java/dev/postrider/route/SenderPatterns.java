package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Addresses ({@code sales@acme.example}), domains ({@code @acme.example}), and the subdomains of one, without itself
 * ({@code @*.acme.example}); domains as of {@link CanonicalAddress#domain}. Whether one of them is for an address is
 * looked up, as in {@link DomainPatterns}.
 */
public final class SenderPatterns {
    private final List<String> texts;
    private final DomainPatterns domains;
    private final Map<CanonicalAddress, CanonicalAddress> addresses = new HashMap<>();

    /** @param texts the patterns, of which the order is kept */
    @JsonCreator
    public SenderPatterns(List<String> texts) {
        this.texts = List.copyOf(texts);
        this.domains = new DomainPatterns(
                texts.stream().filter(SenderPatterns::isDomain).map(text -> text.substring(1)).toList());
        texts.stream().filter(text -> !isDomain(text)).map(CanonicalAddress::of).forEach(
                address -> addresses.putIfAbsent(address.sender(), address));
    }

    private static boolean isDomain(String text) {
        return text.startsWith("@");
    }

    /** The patterns, as they were given. */
    @JsonValue
    public List<String> texts() {
        return texts;
    }

    /** Whether one is for an address. */
    boolean cover(CanonicalAddress address) {
        return domains.cover(address.domain()) || addresses.containsKey(address.sender());
    }

    /** The address among them that this one is, whatever the case of its letters. */
    Optional<CanonicalAddress> spelling(CanonicalAddress address) {
        return Optional.ofNullable(addresses.get(address.sender()));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SenderPatterns patterns && texts.equals(patterns.texts);
    }

    @Override
    public int hashCode() {
        return texts.hashCode();
    }

    @Override
    public String toString() {
        return texts.toString();
    }
}
