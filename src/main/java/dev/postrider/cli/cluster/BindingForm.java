package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.cli.terminal.Output;
import java.util.Locale;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** How the entries of a binding are written down; each form is one constant. */
enum BindingForm {
    /** Variables that a shell reads. */
    ENV,
    /** One object. */
    JSON,
    /** One mapping. */
    YAML,
    /** What stands in each file of the mounted directory. */
    FILES;

    /** @param entries by their keys in the Secret */
    String write(SortedMap<String, String> entries) {
        return switch (this) {
            case ENV -> env(entries);
            case JSON -> Output.of(object(entries), Output.JSON);
            case YAML -> Output.of(object(entries), Output.YAML);
            case FILES -> files(entries);
        };
    }

    /**
     * {@code ca.crt} is SMTP_CA_CRT; what is the name of a variable stays. A value is quoted where a shell (POSIX 2.2)
     * would read it otherwise.
     */
    private static String env(SortedMap<String, String> entries) {
        return entries.entrySet()
                .stream()
                .map(entry -> variable(entry.getKey()) + "=" + quoted(entry.getValue()))
                .collect(Collectors.joining("\n"));
    }

    private static String variable(String key) {
        return key.matches("[A-Z][A-Z0-9_]*")
                ? key
                : "SMTP_" + key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    private static String quoted(String value) {
        return value.matches("[A-Za-z0-9@%+=:,./_-]*") ? value : "'" + value.replace("'", "'\\''") + "'";
    }

    private static ObjectNode object(SortedMap<String, String> entries) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        entries.forEach(object::put);
        return object;
    }

    /** As head and tail print several files. */
    private static String files(SortedMap<String, String> entries) {
        return entries.entrySet()
                .stream()
                .map(entry -> "==> " + entry.getKey() + " <==\n" + entry.getValue().stripTrailing())
                .collect(Collectors.joining("\n\n"));
    }
}
