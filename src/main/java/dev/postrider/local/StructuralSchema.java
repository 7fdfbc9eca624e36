package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.re2j.Pattern;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.path.PathType;
import com.networknt.schema.regex.RegularExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A structural schema of a custom resource definition, with unknown fields refused as strict validation does. */
final class StructuralSchema {
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDialect(Dialects.getDraft202012(),
            builder -> builder.schemaRegistryConfig(SchemaRegistryConfig.builder()
                    .pathType(PathType.JSON_POINTER)
                    .formatAssertionsEnabled(true)
                    // RE2 is what the API server matches with; java.util.regex differs in $ before a line end.
                    .regularExpressionFactory(StructuralSchema::regularExpression)
                    .build()));

    private final ObjectNode openApi;
    private final Schema schema;
    private final boolean confidential;

    /**
     * @param openApi      the schema as a CustomResourceDefinition has it
     * @param confidential whether values must not show in messages
     */
    StructuralSchema(ObjectNode openApi, boolean confidential) {
        this.openApi = openApi;
        ObjectNode closed = openApi.deepCopy();
        close(closed);
        this.schema = REGISTRY.getSchema(closed);
        this.confidential = confidential;
    }

    private static RegularExpression regularExpression(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return text -> pattern.matcher(text).find();
    }

    /** Everything in the value that the schema does not allow. */
    List<Violation> violations(JsonNode value) {
        List<Error> errors = schema.validate(value);
        Set<String> mistyped = errors.stream()
                .filter(error -> error.getKeyword().equals("type"))
                .map(error -> error.getInstanceLocation().toString())
                .collect(Collectors.toSet());
        return errors.stream()
                .filter(error -> error.getKeyword().equals("type")
                        || !mistyped.contains(error.getInstanceLocation().toString()))
                .map(error -> violation(error, value))
                .distinct()
                .toList();
    }

    private static void close(JsonNode schema) {
        if (!(schema instanceof ObjectNode object)) {
            return;
        }
        if (object.path("nullable").asBoolean() && object.has("type")) {
            ArrayNode types = object.arrayNode().add(object.get("type").asText()).add("null");
            object.set("type", types);
        }
        if (object.has("properties") && !object.has("additionalProperties")
                && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
            object.put("additionalProperties", false);
        }
        object.remove(List.of("x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
                "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
                "x-kubernetes-map-type", "nullable"));
        object.path("properties").forEach(StructuralSchema::close);
        close(object.path("items"));
        close(object.path("additionalProperties"));
    }

    private Violation violation(Error error, JsonNode root) {
        String at = error.getInstanceLocation().toString();
        JsonNode rule = error.getSchemaNode();
        JsonNode value = root.at(at);
        return switch (error.getKeyword()) {
            case "required" -> new Violation(Field.pointer(at, error.getProperty()), "Required value");
            case "additionalProperties", "unevaluatedProperties" ->
                new Violation(Field.pointer(at, error.getProperty()), "unknown field"
                        + NearestName.suggestion(error.getProperty(), fieldsOf(at)));
            case "propertyNames" -> new Violation(Field.pointer(at, String.valueOf(error.getProperty())),
                    "Invalid value: no valid key, for it is too long or has characters that keys do not take");
            case "type" -> new Violation(at, "Invalid value: must be of type " + typeName(rule) + ": \""
                    + kubernetesType(value) + "\"");
            case "enum" -> new Violation(at, "Unsupported value: " + shown(value) + ": supported values: "
                    + String.join(", ", texts(rule)));
            case "maximum" -> invalid(at, value, "should be less than or equal to " + number(rule));
            case "minimum" -> invalid(at, value, "should be greater than or equal to " + number(rule));
            case "pattern" -> invalid(at, value, "should match '" + rule.asText() + "'");
            case "format" -> invalid(at, value, "must be of type " + rule.asText());
            case "minLength" -> invalid(at, value, "should be at least " + number(rule) + " chars long");
            case "maxLength" -> new Violation(at, "Too long: may not be more than " + number(rule) + " characters");
            case "maxItems" -> new Violation(at,
                    "Too many: " + value.size() + ": must have at most " + number(rule) + " items");
            case "maxProperties" -> new Violation(at,
                    "Too many: " + value.size() + ": must have at most " + number(rule) + " items");
            case "minItems" -> invalid(at, value, "should have at least " + number(rule) + " items");
            default -> new Violation(at, confidential ? "Invalid value" : error.getMessage());
        };
    }

    private Violation invalid(String at, JsonNode value, String message) {
        return new Violation(at, "Invalid value: " + shown(value) + ": " + message);
    }

    private String shown(JsonNode value) {
        return confidential ? "(not shown)" : value.isContainerNode() ? kubernetesType(value) : value.toString();
    }

    /** The names of the fields that the schema knows of the object there. */
    private List<String> fieldsOf(String pointer) {
        JsonNode at = openApi;
        for (String part : Field.parts(pointer)) {
            at = at.has("items") ? at.get("items") : at.path("properties").path(part);
        }
        return at.path("properties").properties().stream().map(Map.Entry::getKey).toList();
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.toString()));
        return texts;
    }

    private static String typeName(JsonNode rule) {
        return rule.isArray() ? rule.get(0).asText() : rule.asText();
    }

    /** The generator writes limits as 65535.0. */
    private static String number(JsonNode rule) {
        return rule.decimalValue().stripTrailingZeros().toPlainString();
    }

    private static String kubernetesType(JsonNode value) {
        return Map.of("ARRAY", "array", "BOOLEAN", "boolean", "NULL", "null", "OBJECT", "object", "STRING", "string")
                .getOrDefault(value.getNodeType().name(), value.isIntegralNumber() ? "integer" : "number");
    }
}
