package dev.postrider.cli.terminal;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;

/** For whom a command prints. */
public enum Output {
    /** For people. */
    TABLE,
    /** For programs. */
    JSON,
    /** For programs, and people who like it. */
    YAML;

    /** What {@code -o} says of itself; for {@code description}. */
    public static final String DESCRIPTION = "table, json or yaml (default: ${DEFAULT-VALUE}).";

    /** What programs get. */
    public static String of(JsonNode json, Output format) {
        return switch (format) {
            case JSON -> json.toPrettyString();
            case YAML -> Serialization.asYaml(json).replaceFirst("^---\\R?", "").stripTrailing();
            case TABLE -> throw new IllegalArgumentException("a table is for people");
        };
    }
}
