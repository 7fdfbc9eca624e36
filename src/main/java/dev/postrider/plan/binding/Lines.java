package dev.postrider.plan.binding;

import java.util.ArrayList;
import java.util.List;

/** The lines of a configuration file, each of them a setting. */
final class Lines {
    /** How a line sets something. */
    enum Assignment {
        /** {@code key=value} of Java. */
        PROPERTY,
        /** {@code KEY = "value"} of Python. */
        PYTHON,
        /** {@code key: "value"} of YAML, one level deep. */
        NESTED_YAML,
        /** A member of a JSON object. */
        JSON,
        /** A member of a JSON object whose values are all texts. */
        JSON_OF_TEXTS,
        /** {@code gitlab_rails['key'] = 'value'} of Ruby, as GitLab's packages read it. */
        OMNIBUS,
        /** {@code 'key' => 'value',} in an array of PHP. */
        PHP,
        /** {@code key value}, as msmtp reads it. */
        WORD,
        /** {@code key = value} of Postfix. */
        EQUALS
    }

    private final Assignment assignment;
    private final List<String> lines = new ArrayList<>();

    Lines(Assignment assignment) {
        this.assignment = assignment;
    }

    Lines put(String key, String value) {
        return line(switch (assignment) {
            case PROPERTY -> key + "=" + Quoted.property(value);
            case PYTHON -> key + " = " + Quoted.doubly(value);
            case NESTED_YAML -> key + ": " + Quoted.doubly(value);
            case JSON, JSON_OF_TEXTS -> "\"" + key + "\": " + Quoted.doubly(value);
            case OMNIBUS -> "gitlab_rails['" + key + "'] = " + Quoted.singly(value);
            case PHP -> "'" + key + "' => " + Quoted.singly(value) + ",";
            // Quotes around the whole are all the quoting there is; those within stand for themselves.
            case WORD -> key + " " + (value.matches("[A-Za-z0-9._/@-]+") ? value : "\"" + value + "\"");
            case EQUALS -> key + " = " + value;
        });
    }

    Lines put(String key, int number) {
        return literal(key, Integer.toString(number));
    }

    Lines put(String key, boolean on) {
        return literal(key, assignment == Assignment.PYTHON ? on ? "True" : "False" : Boolean.toString(on));
    }

    private Lines literal(String key, String literal) {
        return switch (assignment) {
            case PYTHON -> line(key + " = " + literal);
            case NESTED_YAML -> line(key + ": " + literal);
            case JSON -> line("\"" + key + "\": " + literal);
            case OMNIBUS -> line("gitlab_rails['" + key + "'] = " + literal);
            case PHP -> line("'" + key + "' => " + literal + ",");
            case PROPERTY, JSON_OF_TEXTS, WORD, EQUALS -> put(key, literal);
        };
    }

    /** A line as it is. */
    Lines line(String line) {
        lines.add(assignment == Assignment.NESTED_YAML || assignment == Assignment.PHP ? "  " + line : line);
        return this;
    }

    /** The lines as members of one object, which is the only member of another. */
    String inObject(String name) {
        return "{\n  \"" + name + "\": {\n    " + String.join(",\n    ", lines) + "\n  }\n}\n";
    }

    @Override
    public String toString() {
        return String.join("\n", lines) + "\n";
    }
}
