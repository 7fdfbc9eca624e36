package dev.postrider.route;

import java.util.List;

/**
 * The domains that an organization may send as through global servers. An organization's own servers take whatever they
 * take.
 *
 * @param patterns as {@link DomainPattern}; none means that no domain is granted
 */
public record GrantedDomains(List<String> patterns) {

    public GrantedDomains {
        patterns = List.copyOf(patterns);
    }

    /** Whether an address is in one of them; an address literal is in none. */
    public boolean allow(CanonicalAddress address) {
        return covers(address.domain());
    }

    /** Whether a domain, or all that a pattern stands for, is in one of them. */
    public boolean covers(String domain) {
        return patterns.stream().anyMatch(pattern -> DomainPattern.covers(pattern, domain));
    }

    /** Everybody in them, for what was accepted when something else may have been declared. */
    public AllowedSenders everybody() {
        return new AllowedSenders(patterns.stream().map(pattern -> "@" + pattern).toList(),
                AllowedSenders.Otherwise.REFUSE);
    }
}
