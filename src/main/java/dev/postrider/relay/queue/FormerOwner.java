package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;

/**
 * Under which key is kept what belongs to somebody who had an organization's name before. No namespace has a tilde, so
 * that no organization is called so, and whoever asks for it must have rights in all namespaces.
 */
public final class FormerOwner {
    /** In place of a namespace. */
    public static final String NAMESPACE = "~former";

    private FormerOwner() {}

    static ResourceKey key(ResourceKey organization, String uid) {
        return new ResourceKey(NAMESPACE, organization.namespace() + "." + organization.name() + "." + uid);
    }

    /** Whether a key is one of these. */
    public static boolean is(ResourceKey key) {
        return key.namespace().equals(NAMESPACE);
    }

    /** The name that it had; a key of an organization stays as it is. */
    public static ResourceKey nameBefore(ResourceKey key) {
        int namespace = key.name().indexOf('.');
        int uid = key.name().lastIndexOf('.');
        // A namespace and a UID have no dots, a name may have some.
        return is(key) && namespace > 0 && uid > namespace
                ? new ResourceKey(key.name().substring(0, namespace), key.name().substring(namespace + 1, uid))
                : key;
    }

    /** The UID of whoever had it; empty if it is the key of an organization. */
    static String uid(ResourceKey key) {
        return is(key) ? key.name().substring(key.name().lastIndexOf('.') + 1) : "";
    }
}
