package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.route.AtStart;
import dev.postrider.route.Durations;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RouteJson;
import dev.postrider.route.Sizes;
import dev.postrider.testing.GoldenFiles;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The chart's schema and values, and the table of the documentation, say of the relay's settings what
 * {@link RelayConfiguration} says. With {@code -Dpostrider.write=true} they are written from it.
 */
@Tag("promises")
final class RelayConfigurationIsTheContractTest {
    private static final Path SCHEMA = Path.of("helm/postrider/values.schema.json");
    private static final Path VALUES = Path.of("helm/postrider/values.yaml");
    private static final Path DOCS = Path.of("docs/relay.md");
    private static final String TABLE = "| value below `relay` | default | allowed | takes effect | meaning |\n";
    private static final int WIDTH = 120;
    /** A pattern that allows some words. */
    private static final String WORDS = "[A-Za-z]+(\\|[A-Za-z]+)+";

    private final JsonNode defaults = tree(RouteJson.write(RelayConfiguration.DEFAULT));

    @Test
    void inTheChartsSchema() throws IOException {
        String schema = Files.readString(SCHEMA);
        int relay = schema.indexOf("\n    \"relay\": {");
        for (RecordComponent component : RelayConfiguration.class.getRecordComponents()) {
            String key = "\n        \"" + component.getName() + "\": ";
            int start = schema.indexOf(key, relay);
            assertThat(start).as(SCHEMA + " has " + component.getName() + " below relay").isPositive();
            int value = start + key.length();
            schema = schema.substring(0, value) + schema(component, 8) + schema.substring(endOfValue(schema, value));
        }
        new JsonMapper().readTree(schema);

        GoldenFiles.check(SCHEMA, schema, getClass());
    }

    private static int endOfValue(String json, int start) {
        int depth = 0;
        for (int at = start;; at++) {
            char c = json.charAt(at);
            if (c == '{' || c == '[') {
                depth++;
            } else if ((c == '}' || c == ']') && --depth == 0) {
                return at + 1;
            }
        }
    }

    private static String schema(RecordComponent component, int indent) {
        Class<?> type = component.getType();
        if (type.isRecord()) {
            String space = " ".repeat(indent);
            List<String> below = new ArrayList<>();
            for (RecordComponent each : type.getRecordComponents()) {
                below.add("%s    \"%s\": %s".formatted(space, each.getName(), schema(each, indent + 4)));
            }
            return "{\n%s  \"type\": \"object\",\n%s  \"additionalProperties\": false,\n%s  \"properties\": {\n%s\n%s  }\n%s}"
                    .formatted(space, space, space, String.join(",\n", below), space, space);
        }
        return type == List.class
                ? "{ \"type\": \"array\", \"items\": " + text(element(component)) + ", \"uniqueItems\": "
                        + !component.getName().equals("retryAfter") + " }"
                : type == String.class
                        ? text(component.getAccessor())
                        : type == boolean.class ? "{ \"type\": \"boolean\" }" : number(component.getAccessor());
    }

    private static AnnotatedElement element(RecordComponent list) {
        return ((AnnotatedParameterizedType) list.getAnnotatedType()).getAnnotatedActualTypeArguments()[0];
    }

    private static String text(AnnotatedElement of) {
        String pattern = of.getAnnotation(Pattern.class).value();
        return pattern.matches(WORDS)
                ? "{ \"enum\": [\"" + pattern.replace("|", "\", \"") + "\"] }"
                : "{ \"type\": \"string\", \"pattern\": \"^(" + pattern.replace("\\", "\\\\") + ")$\" }";
    }

    private static String number(AnnotatedElement of) {
        return "{ \"type\": \"integer\", \"minimum\": %.0f, \"maximum\": %.0f }"
                .formatted(of.getAnnotation(Min.class).value(), of.getAnnotation(Max.class).value());
    }

    @Test
    void inTheChartsValues() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(VALUES));
        int relay = lines.indexOf("relay:");
        for (RecordComponent component : RelayConfiguration.class.getRecordComponents()) {
            int key = relay;
            while (!lines.get(key).startsWith("  " + component.getName() + ":")) {
                key++;
            }
            int start = key;
            while (lines.get(start - 1).startsWith("  #")) {
                start--;
            }
            int end = key + 1;
            while (lines.get(end).startsWith("   ")) {
                end++;
            }
            List<String> block = new ArrayList<>();
            value(component, defaults.get(component.getName()), 2, block);
            lines.subList(start, end).clear();
            lines.addAll(start, block);
        }
        String values = String.join("\n", lines) + "\n";
        ObjectNode written = (ObjectNode) new YAMLMapper().readTree(values).get("relay");
        assertThat(RelayConfiguration.read(written.retain(names(defaults)), "")).isEqualTo(RelayConfiguration.DEFAULT);

        GoldenFiles.check(VALUES, values, getClass());
    }

    private static List<String> names(JsonNode object) {
        return object.properties().stream().map(Map.Entry::getKey).toList();
    }

    private static void value(RecordComponent component, JsonNode value, int indent, List<String> lines) {
        String space = " ".repeat(indent);
        lines.addAll(comment(description(component), space));
        if (component.getType().isRecord()) {
            lines.add(space + component.getName() + ":");
            for (RecordComponent each : component.getType().getRecordComponents()) {
                value(each, value.get(each.getName()), indent + 2, lines);
            }
        } else {
            lines.add(space + component.getName() + ": " + yaml(value));
        }
    }

    private static String yaml(JsonNode value) {
        return value.isArray()
                ? StreamSupport.stream(value.spliterator(), false)
                        .map(JsonNode::asText)
                        .collect(Collectors.joining(", ", "[", "]"))
                : value.isTextual() && value.asText().isEmpty() ? "\"\"" : value.asText();
    }

    private static List<String> comment(String text, String space) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(space + "#");
        for (String word : text.split(" ", -1)) {
            if (line.length() + 1 + word.length() > WIDTH) {
                lines.add(line.toString());
                line = new StringBuilder(space + "#");
            }
            line.append(' ').append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    private static String description(RecordComponent component) {
        return component.getAccessor().getAnnotation(JsonPropertyDescription.class).value();
    }

    @Test
    void inTheDocumentation() throws IOException {
        String docs = Files.readString(DOCS);
        int start = docs.indexOf(TABLE);
        assertThat(start).as(DOCS + " has the table").isPositive();
        int end = docs.indexOf("\n\n", start) + 1;
        List<String> rows = new ArrayList<>();
        eachLeaf(RelayConfiguration.class, defaults, "", false, (name, leaf) -> rows.add("| `%s` | %s | %s | %s | %s |"
                .formatted(name, leaf.value().isTextual() && leaf.value().asText().isEmpty()
                        ? ""
                        : "`" + yaml(leaf.value()) + "`", allowed(leaf.component()),
                        leaf.atStart() ? "with a restart" : "at once",
                        description(leaf.component()).replace("|", "\\|"))));

        GoldenFiles.check(DOCS, docs.substring(0, start) + TABLE + "|---|---|---|---|---|\n" + String.join("\n", rows)
                + "\n" + docs.substring(end), getClass());
    }

    private record Leaf(RecordComponent component, JsonNode value, boolean atStart) {}

    private static void eachLeaf(Class<?> type, JsonNode tree, String prefix, boolean atStart,
            BiConsumer<String, Leaf> visitor) {
        for (RecordComponent component : type.getRecordComponents()) {
            boolean restart = atStart || component.isAnnotationPresent(AtStart.class);
            JsonNode value = tree.get(component.getName());
            if (component.getType().isRecord()) {
                eachLeaf(component.getType(), value, prefix + component.getName() + ".", restart, visitor);
            } else {
                visitor.accept(prefix + component.getName(), new Leaf(component, value, restart));
            }
        }
    }

    private static String allowed(RecordComponent component) {
        if (component.getType() == boolean.class) {
            return "true, false";
        }
        if (component.getType() != String.class && component.getType() != List.class) {
            AnnotatedElement of = component.getAccessor();
            return "%.0f to %.0f".formatted(of.getAnnotation(Min.class).value(), of.getAnnotation(Max.class).value());
        }
        AnnotatedElement of = component.getType() == List.class ? element(component) : component.getAccessor();
        String many = component.getType() == List.class ? "a list of " : "";
        String pattern = of.getAnnotation(Pattern.class).value();
        if (pattern.matches(WORDS)) {
            return many + pattern.replace("|", ", ");
        }
        return switch (pattern) {
            case Durations.FORM -> many.isEmpty() ? "a duration, as 15s or 4h" : "a list of durations";
            case Sizes.FORM -> "a size, as 500Mi";
            default -> many.isEmpty() ? "a text" : "a list of texts";
        };
    }

    private static JsonNode tree(String json) {
        try {
            return new JsonMapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
