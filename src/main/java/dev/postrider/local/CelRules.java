package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The rules of a custom resource definition in the Common Expression Language ({@code x-kubernetes-validations}),
 * evaluated as the API server does on creation: rules about {@code oldSelf} do not apply.
 */
final class CelRules {
    private static final CelOptions OPTIONS = CelOptions.current().build();
    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addLibraries(CelExtensions.strings(), CelExtensions.optional())
            .addVar("self", SimpleType.DYN)
            .build();
    private static final CelRuntime RUNTIME = CelRuntimeFactory.legacyCelRuntimeBuilder()
            .setOptions(OPTIONS)
            .addLibraries(CelExtensions.strings(), CelExtensions.optional())
            .build();
    private static final Pattern TRANSITION = Pattern.compile("\\boldSelf\\b");

    private final Map<String, CelRuntime.Program> programs = new HashMap<>();

    /** Every rule of the schema that the value breaks. */
    List<Violation> violations(JsonNode schema, JsonNode value) {
        List<Violation> violations = new ArrayList<>();
        walk(schema, value, "", violations);
        return violations;
    }

    private void walk(JsonNode schema, JsonNode value, String pointer, List<Violation> violations) {
        for (JsonNode rule : schema.path("x-kubernetes-validations")) {
            if (!TRANSITION.matcher(rule.path("rule").asText()).find()) {
                evaluate(rule, schema, value, pointer, violations);
            }
        }
        schema.path("properties").properties().forEach(property -> {
            if (value.has(property.getKey())) {
                walk(property.getValue(), value.get(property.getKey()), Field.pointer(pointer, property.getKey()),
                        violations);
            }
        });
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                walk(schema.path("items"), value.get(i), pointer + "/" + i, violations);
            }
        }
        if (value.isObject() && schema.path("additionalProperties").isObject()) {
            value.properties()
                    .forEach(entry -> walk(schema.get("additionalProperties"), entry.getValue(),
                            Field.pointer(pointer, entry.getKey()), violations));
        }
    }

    private void evaluate(JsonNode rule, JsonNode schema, JsonNode value, String pointer, List<Violation> violations) {
        String expression = rule.path("rule").asText();
        Map<String, Object> variables = Map.of("self", celValue(value, schema));
        String at = pointer + rule.path("fieldPath").asText().replace('.', '/');
        try {
            if (!Boolean.TRUE.equals(program(expression).eval(variables))) {
                String message = rule.has("messageExpression")
                        ? String.valueOf(program(rule.get("messageExpression").asText()).eval(variables))
                        : rule.path("message").asText("failed rule: " + expression);
                String shown = value.isValueNode() ? value + ": " : "";
                violations.add(new Violation(at, "Invalid value: " + shown + message));
            }
        } catch (CelEvaluationException e) {
            violations.add(new Violation(at, "Invalid value: cannot be told by the rule " + expression));
        }
    }

    private CelRuntime.Program program(String expression) throws CelEvaluationException {
        CelRuntime.Program known = programs.get(expression);
        if (known != null) {
            return known;
        }
        try {
            CelRuntime.Program made = RUNTIME.createProgram(COMPILER.compile(expression).getAst());
            programs.put(expression, made);
            return made;
        } catch (CelValidationException e) {
            throw new IllegalStateException("a rule of the custom resource definitions does not compile: " + expression,
                    e);
        }
    }

    private static Object celValue(JsonNode value, JsonNode schema) {
        if (value instanceof ObjectNode object) {
            Map<String, Object> fields = new HashMap<>();
            object.properties()
                    .forEach(entry -> fields.put(entry.getKey(),
                            celValue(entry.getValue(), schema.path("properties").path(entry.getKey()))));
            return fields;
        }
        if (value.isArray()) {
            List<Object> items = new ArrayList<>();
            value.forEach(item -> items.add(celValue(item, schema.path("items"))));
            return items;
        }
        if (value.isIntegralNumber() && !"number".equals(schema.path("type").asText())) {
            return value.longValue();
        }
        return value.isNumber()
                ? value.doubleValue()
                : value.isBoolean()
                        ? value.booleanValue()
                        : value.isNull() ? com.google.protobuf.NullValue.NULL_VALUE : value.asText();
    }
}
