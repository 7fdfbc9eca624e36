package dev.postrider.local;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Turns JSON pointers (RFC 6901) into the paths that Kubernetes shows to people. */
final class Field {
    private static final Pattern INDEX = Pattern.compile("[0-9]+");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$-]*");

    private Field() {}

    /** {@code /spec/servers/0/name} is {@code spec.servers[0].name}. */
    static String of(String pointer) {
        StringBuilder path = new StringBuilder();
        for (String name : parts(pointer)) {
            if (INDEX.matcher(name).matches() || !NAME.matcher(name).matches()) {
                path.append('[').append(name).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(name);
            }
        }
        return path.toString();
    }

    /** The other way round: {@code spec.servers[0].name} is {@code /spec/servers/0/name}. */
    static String pointerOf(String path) {
        String pointer = "";
        for (String part : path.replace("[", ".[").split("\\.", -1)) {
            pointer = pointer(pointer, part.startsWith("[") ? part.substring(1, part.length() - 1) : part);
        }
        return pointer;
    }

    /** The names that a pointer consists of. */
    static List<String> parts(String pointer) {
        return pointer.isEmpty()
                ? List.of()
                : Arrays.stream(pointer.substring(1).split("/", -1))
                        .map(part -> part.replace("~1", "/").replace("~0", "~"))
                        .toList();
    }

    /** The pointer to an entry of the object or array at {@code parent}. */
    static String pointer(String parent, String name) {
        return parent + "/" + name.replace("~", "~0").replace("/", "~1");
    }
}
