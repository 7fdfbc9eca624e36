package dev.postrider.operator;

import dev.postrider.testing.FreePort;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Free ports in place of those that the documentation and the examples name, which somebody may have taken. */
final class DocumentedPorts {
    private static final Pattern PORT = Pattern.compile("\\b(2525|2526|2527|2587)\\b");

    private final Map<String, String> free = new HashMap<>();

    String replaceIn(String text) {
        return PORT.matcher(text)
                .replaceAll(port -> free.computeIfAbsent(port.group(), _ -> Integer.toString(FreePort.find())));
    }
}
