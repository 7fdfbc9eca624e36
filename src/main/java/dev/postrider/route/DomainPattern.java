package dev.postrider.route;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One domain, {@code acme.example}, or the subdomains of one without itself, {@code *.acme.example}; in the form of
 * {@link CanonicalAddress#domain}.
 */
public final class DomainPattern {
    static final String SUBDOMAINS = "*.";
    private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    private static final Pattern DOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
    private static final int LONGEST_DOMAIN = 253;

    private DomainPattern() {}

    /**
     * The form in which a pattern is compared.
     *
     * @param text in any case, with U-labels or A-labels
     * @return empty if it is neither a domain nor {@code *.} and a domain; an address literal is neither
     */
    public static Optional<String> canonical(String text) {
        String wildcard = text.startsWith(SUBDOMAINS) ? SUBDOMAINS : "";
        return CanonicalAddress.domain(text.substring(wildcard.length()))
                .filter(name -> name.length() <= LONGEST_DOMAIN && DOMAIN.matcher(name).matches())
                .map(name -> wildcard + name);
    }
}
