package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The domains that an organization may send as through global servers. An organization's own servers take whatever they
 * take.
 *
 * @param patterns as {@link DomainPattern}; none means that no domain is granted
 * @param verified those of the patterns that DNS shows to be the namespace's own, and no server grants
 */
public record GrantedDomains(DomainPatterns patterns, List<String> verified) {

    @JsonCreator
    public GrantedDomains {
        verified = verified == null ? List.of() : List.copyOf(verified);
    }

    /** Domains that servers grant. */
    public GrantedDomains(List<String> patterns) {
        this(patterns, List.of());
    }

    private GrantedDomains(List<String> patterns, List<String> verified) {
        this(new DomainPatterns(patterns), verified);
    }

    /** With these domains and their subdomains, which are verified. */
    public GrantedDomains and(List<String> domains) {
        if (domains.isEmpty()) {
            return this;
        }
        List<String> own = domains.stream().flatMap(domain -> Stream.of(domain, "*." + domain)).sorted().toList();
        return new GrantedDomains(Stream.concat(patterns.texts().stream(), own.stream()).distinct().sorted().toList(),
                own.stream().filter(pattern -> !patterns.texts().contains(pattern)).toList());
    }

    /** What servers grant. */
    public GrantedDomains withoutVerified() {
        return new GrantedDomains(patterns.texts().stream().filter(pattern -> !verified.contains(pattern)).toList());
    }

    /** Whether an address is in one of them; an address literal is in none. */
    public boolean allow(CanonicalAddress address) {
        return covers(address.domain());
    }

    /** Whether a domain, or all that a pattern stands for, is in one of them. */
    public boolean covers(String domain) {
        return patterns.cover(domain);
    }

    /** Everybody in them, for what was accepted when something else may have been declared. */
    public AllowedSenders everybody() {
        return new AllowedSenders(patterns.texts().stream().map(pattern -> "@" + pattern).toList(),
                AllowedSenders.Otherwise.REFUSE);
    }
}
