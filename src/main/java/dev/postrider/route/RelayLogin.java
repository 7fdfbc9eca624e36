package dev.postrider.route;

import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A user name at the relay: {@code <organization>.<namespace>}, then {@code +<class>} if all of its mail is of one
 * class, then {@code /<user>} for a user of the organization's mail servers. No name in Kubernetes has a plus or a
 * slash, so none of these can be mistaken for another.
 *
 * @param organization that the mail is of
 * @param mailClass    as it was written, whether there is such a class or not
 * @param user         at the mail server, whatever characters it has; empty for the organization's own login
 */
public record RelayLogin(ResourceKey organization, Optional<String> mailClass, Optional<String> user) {
    private static final char CLASS_SEPARATOR = '+';
    private static final char USER_SEPARATOR = '/';

    /** Reads a user name; empty if it has the form of none. */
    public static Optional<RelayLogin> parse(String name) {
        Optional<String> user = after(USER_SEPARATOR, name);
        String own = before(USER_SEPARATOR, name);
        return user.filter(String::isEmpty).isPresent()
                ? Optional.empty()
                : organization(before(CLASS_SEPARATOR, own))
                        .map(key -> new RelayLogin(key, after(CLASS_SEPARATOR, own), user));
    }

    private static String before(char separator, String text) {
        int at = text.indexOf(separator);
        return at < 0 ? text : text.substring(0, at);
    }

    private static Optional<String> after(char separator, String text) {
        int at = text.indexOf(separator);
        return at < 0 ? Optional.empty() : Optional.of(text.substring(at + 1));
    }

    /** A namespace has no dots. */
    private static Optional<ResourceKey> organization(String name) {
        int dot = name.lastIndexOf('.');
        return dot <= 0 || dot == name.length() - 1
                ? Optional.empty()
                : Optional.of(new ResourceKey(name.substring(dot + 1), name.substring(0, dot)));
    }

    /** The organization's own user name, {@code <organization>.<namespace>}. */
    public static String of(ResourceKey organization) {
        return organization.name() + "." + organization.namespace();
    }

    /** What goes before a user of the organization's mail servers, {@code <organization>.<namespace>/}. */
    public static String prefix(ResourceKey organization) {
        return of(organization) + USER_SEPARATOR;
    }

    /**
     * A password for an organization's own login: 256 random bits in 43 letters, digits, hyphens and underscores, which
     * no URI needs to quote (RFC 4648 section 5). It does not begin with a hyphen, which programs take for an option.
     */
    public static String newPassword(RandomGenerator random) {
        byte[] octets = new byte[32];
        String password;
        do {
            random.nextBytes(octets);
            password = Base64.getUrlEncoder().withoutPadding().encodeToString(octets);
        } while (password.startsWith("-"));
        return password;
    }
}
