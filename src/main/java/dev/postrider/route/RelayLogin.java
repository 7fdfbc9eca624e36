package dev.postrider.route;

import java.util.Optional;

/**
 * A user name at the relay: {@code <organization>.<namespace>} for an organization's own login, and that with
 * {@code /<user>} for a user of its mail servers. No name in Kubernetes has a slash, so the two cannot be mistaken.
 *
 * @param organization that the mail is of
 * @param user         at the mail server, whatever characters it has; empty for the organization's own login
 */
public record RelayLogin(ResourceKey organization, Optional<String> user) {
    private static final char SEPARATOR = '/';

    /** Reads a user name; empty if it has the form of none. */
    public static Optional<RelayLogin> parse(String name) {
        int slash = name.indexOf(SEPARATOR);
        Optional<String> user = slash < 0 ? Optional.empty() : Optional.of(name.substring(slash + 1));
        return user.filter(String::isEmpty).isPresent()
                ? Optional.empty()
                : organization(slash < 0 ? name : name.substring(0, slash)).map(key -> new RelayLogin(key, user));
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
        return of(organization) + SEPARATOR;
    }
}
