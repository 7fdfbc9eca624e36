package dev.postrider.local;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.local.Finding.Severity;
import dev.postrider.route.ResourceKey;
import java.util.Map;

/**
 * One resource of a manifest.
 *
 * @param file  the file it was read from, as people know it
 * @param line  where it starts, from 1
 * @param json  the resource as the API server would get it
 * @param lines the line of each entry, by its JSON pointer
 */
record Document(String file, int line, ObjectNode json, Map<String, Integer> lines) {
    static final String SOPS = "sops";

    String apiVersion() {
        return json.path("apiVersion").asText();
    }

    String kind() {
        return json.path("kind").asText();
    }

    /**
     * Whether SOPS has encrypted values of it, which leaves a field {@code sops} at the top
     * (https://getsops.io/docs/, "Encryption protocol").
     */
    boolean encrypted() {
        return json.path(SOPS).isObject();
    }

    /** Namespace and name; a resource without a namespace is in {@code default}. */
    ResourceKey key() {
        String namespace = json.at("/metadata/namespace").asText();
        return new ResourceKey(namespace.isEmpty() ? "default" : namespace, json.at("/metadata/name").asText());
    }

    /** {@code kind namespace/name}, which no two resources of a cluster share. */
    String id() {
        return kind() + " " + key();
    }

    /** The line of an entry, or of the nearest one above it that is there. */
    int lineOf(String pointer) {
        for (String at = pointer; !at.isEmpty(); at = at.substring(0, at.lastIndexOf('/'))) {
            Integer found = lines.get(at);
            if (found != null) {
                return found;
            }
        }
        return line;
    }

    Finding error(String pointer, String message) {
        return finding(pointer, message, Severity.ERROR);
    }

    Finding warning(String pointer, String message) {
        return finding(pointer, message, Severity.WARNING);
    }

    /** A line of what another program has written says little to people, so the resource is named there. */
    private Finding finding(String pointer, String message, Severity severity) {
        return new Finding(file, lineOf(pointer), Field.of(pointer),
                file.equals(Manifests.STDIN) ? message + " (" + id() + ")" : message, severity);
    }

    @Override
    public String toString() {
        return kind() + " " + key() + " (" + file + ":" + line + ")";
    }
}
