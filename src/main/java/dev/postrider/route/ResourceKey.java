package dev.postrider.route;

/**
 * Namespace and name of a resource.
 *
 * @param namespace a DNS label (RFC 1123), so without dots
 * @param name      a DNS subdomain
 */
public record ResourceKey(String namespace, String name) implements Comparable<ResourceKey> {

    /** Reads {@code namespace/name}. */
    public static ResourceKey parse(String text) {
        int slash = text.indexOf('/');
        if (slash <= 0 || slash == text.length() - 1) {
            throw new IllegalArgumentException("not namespace/name: " + text);
        }
        return new ResourceKey(text.substring(0, slash), text.substring(slash + 1));
    }

    @Override
    public int compareTo(ResourceKey other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
