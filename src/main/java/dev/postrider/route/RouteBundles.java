package dev.postrider.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Bundles of certificate authorities stand once in the relay's namespace, however many routes name them: a route's
 * JSON has the SHA-256 of the bundle in its place, and a Secret by that name holds it.
 */
public final class RouteBundles {
    private static final String PROPERTY = "certificateAuthorities";
    private static final String PREFIX = "sha256:";

    private RouteBundles() {}

    /**
     * A route without its bundles.
     *
     * @param json    that names them
     * @param bundles by their digests, as {@link Sha256} writes them
     */
    public record Detached(String json, Map<String, String> bundles) {}

    /** A route that names a bundle that is not there, or not yet. */
    public static final class MissingBundleException extends IllegalArgumentException {
        MissingBundleException(String digest) {
            super("the bundle of authorities " + digest + " is not there");
        }
    }

    /** Takes the bundles out of a route. */
    public static Detached detach(Object route) {
        JsonNode tree = RouteJson.tree(route);
        Map<String, String> bundles = new TreeMap<>();
        replace(tree, bundle -> {
            String digest = Sha256.of(bundle);
            bundles.put(digest, bundle);
            return PREFIX + digest;
        });
        return new Detached(RouteJson.write(tree), bundles);
    }

    /**
     * Reads a route that names its bundles, or one of an earlier version, which holds them.
     *
     * @param bundles finds them by their digests
     * @throws MissingBundleException   if one is not there
     * @throws IllegalArgumentException if the text is not such a route; the message tells nothing of its content
     */
    public static <T> T read(String json, Class<T> type, Function<String, Optional<String>> bundles) {
        if (!json.contains(PREFIX)) {
            return RouteJson.read(json, type);
        }
        JsonNode tree = RouteJson.read(json, JsonNode.class);
        replace(tree, text -> text.startsWith(PREFIX) ? attached(text.substring(PREFIX.length()), bundles) : text);
        return RouteJson.convert(tree, type);
    }

    private static String attached(String digest, Function<String, Optional<String>> bundles) {
        return bundles.apply(digest).orElseThrow(() -> new MissingBundleException(digest));
    }

    private static void replace(JsonNode node, UnaryOperator<String> other) {
        if (node instanceof ObjectNode object && object.get(PROPERTY) instanceof TextNode text) {
            object.put(PROPERTY, other.apply(text.textValue()));
        }
        node.forEach(child -> replace(child, other));
    }
}
