package dev.postrider.route;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A {@link RelayConfiguration} as JSON: read over the defaults, and held against what its components allow. */
final class ConfigurationTree {

    /** Reads what another version may have written: what is not known here is passed over. */
    static final class OfARoute extends JsonDeserializer<RelayConfiguration> {
        @Override
        public RelayConfiguration deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            JsonNode given = parser.readValueAsTree();
            return RouteJson.convert(over(DEFAULTS, given), RelayConfiguration.class);
        }
    }

    private static final JsonNode DEFAULTS = RouteJson.tree(RelayConfiguration.DEFAULT);

    private ConfigurationTree() {}

    /** @throws IllegalArgumentException with all that is unknown, of another type, or not allowed */
    static RelayConfiguration read(JsonNode given, String where) {
        List<String> problems = new ArrayList<>();
        check(RelayConfiguration.class, given, where, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
        return RouteJson.convert(over(DEFAULTS, given), RelayConfiguration.class);
    }

    /** The same with another text in one component. */
    static RelayConfiguration with(RelayConfiguration configuration, String component, String text) {
        ObjectNode tree = (ObjectNode) RouteJson.tree(configuration);
        return RouteJson.convert(tree.put(component, text), RelayConfiguration.class);
    }

    private static JsonNode over(JsonNode defaults, JsonNode given) {
        if (!defaults.isObject() || !given.isObject()) {
            return isLeftOut(given, defaults) ? defaults : whole(given);
        }
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        defaults.properties()
                .forEach(entry -> merged.set(entry.getKey(),
                        given.has(entry.getKey())
                                ? over(entry.getValue(), given.get(entry.getKey()))
                                : entry.getValue()));
        return merged;
    }

    /** An empty text or list is how a chart leaves a setting out that is not empty by default. */
    private static boolean isLeftOut(JsonNode given, JsonNode defaults) {
        return given.isNull() || given.isTextual() && given.textValue().isEmpty() && defaults.isTextual()
                || given.isArray() && given.isEmpty() && defaults.isArray();
    }

    /** YAML of a chart may have whole numbers as 2e+06. */
    private static JsonNode whole(JsonNode given) {
        return given.isFloatingPointNumber() ? LongNode.valueOf(given.longValue()) : given;
    }

    private static void check(Class<?> type, JsonNode given, String where, List<String> problems) {
        if (given.isNull() || given.isMissingNode()) {
            return;
        }
        if (!given.isObject()) {
            problems.add("%s: %s is not possible; write its settings below it, or {}"
                    .formatted(where.substring(0, Math.max(0, where.length() - 1)), given));
            return;
        }
        RecordComponent[] components = type.getRecordComponents();
        given.properties().forEach(entry -> {
            String name = where + entry.getKey();
            Arrays.stream(components)
                    .filter(component -> component.getName().equals(entry.getKey()))
                    .findFirst()
                    .ifPresentOrElse(component -> check(component, entry.getValue(), name, problems),
                            () -> problems.add(name + " is not known; allowed are " + Arrays.stream(components)
                                    .map(RecordComponent::getName)
                                    .collect(Collectors.joining(", "))));
        });
    }

    private static void check(RecordComponent component, JsonNode given, String name, List<String> problems) {
        Class<?> type = component.getType();
        if (type.isRecord()) {
            check(type, given, name + ".", problems);
        } else if (isLeftOut(given, given)) {
            // As the default has it.
            return;
        } else if (type == List.class) {
            AnnotatedElement element = ((AnnotatedParameterizedType) component.getAnnotatedType())
                    .getAnnotatedActualTypeArguments()[0];
            if (given.isArray()) {
                given.forEach(item -> checkText(element, item, name, problems));
            } else {
                problems.add(name + ": " + given + " is not a list; write it in brackets, as [a, b]");
            }
        } else if (type == String.class) {
            checkText(component.getAccessor(), given, name, problems);
        } else if (type == boolean.class) {
            if (!given.isBoolean()) {
                problems.add(name + ": " + given + " is neither true nor false");
            }
        } else {
            checkNumber(component.getAccessor(), given, name, problems);
        }
    }

    private static void checkText(AnnotatedElement of, JsonNode given, String name, List<String> problems) {
        String form = allowed(of.getAnnotation(Pattern.class));
        if (!given.isTextual() && !given.isNumber()) {
            problems.add(name + ": " + given + " is not a text");
        } else if (form != null && !given.asText().matches(form)) {
            problems.add(name + ": " + complaint(form, given.asText()));
        }
    }

    private static @Nullable String allowed(@Nullable Pattern pattern) {
        return pattern == null ? null : pattern.value();
    }

    /** Durations and sizes say themselves how they are written. */
    private static String complaint(String form, String text) {
        try {
            if (form.equals(Durations.FORM)) {
                Durations.read(text);
            } else if (form.equals(Sizes.FORM)) {
                Sizes.read(text);
            }
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
        // Somebody may have written a login into a URL.
        String shown = text.contains("@") ? "a value with an @, which is not shown," : "\"" + text + "\"";
        return "%s is not allowed; it must match %s".formatted(shown, form);
    }

    private static void checkNumber(AnnotatedElement of, JsonNode given, String name, List<String> problems) {
        Min least = of.getAnnotation(Min.class);
        Max most = of.getAnnotation(Max.class);
        if (least == null || most == null) {
            throw new IllegalStateException(name + " has no range");
        }
        if (!given.isNumber() || given.doubleValue() != Math.rint(given.doubleValue())
                || given.doubleValue() < least.value() || given.doubleValue() > most.value()) {
            problems.add("%s: %s is not a whole number from %.0f to %.0f".formatted(name, given, least.value(),
                    most.value()));
        }
    }

    /** What is marked with {@link AtStart} and differs from the default. */
    static JsonNode atStart(RelayConfiguration configuration) {
        return atStart(RelayConfiguration.class, RouteJson.tree(configuration), DEFAULTS, false);
    }

    private static ObjectNode atStart(Class<?> type, JsonNode tree, JsonNode defaults, boolean all) {
        ObjectNode chosen = JsonNodeFactory.instance.objectNode();
        for (RecordComponent component : type.getRecordComponents()) {
            String name = component.getName();
            boolean wanted = all || component.isAnnotationPresent(AtStart.class);
            if (component.getType().isRecord()) {
                ObjectNode below = atStart(component.getType(), tree.get(name), defaults.get(name), wanted);
                if (!below.isEmpty()) {
                    chosen.set(name, below);
                }
            } else if (wanted && !tree.get(name).equals(defaults.get(name))) {
                chosen.set(name, tree.get(name));
            }
        }
        return chosen;
    }
}
