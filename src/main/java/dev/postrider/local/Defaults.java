package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Fills in what a resource leaves out, as the API server does before it validates
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting).
 */
final class Defaults {
    private Defaults() {}

    /** Changes {@code value}: nulls of fields that take none go, and the schema's defaults come in. */
    static void apply(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object) {
            schema.path("properties").properties().forEach(property -> {
                JsonNode field = property.getValue();
                if (object.path(property.getKey()).isNull() && !field.path("nullable").asBoolean()) {
                    object.remove(property.getKey());
                }
                if (field.has("default") && !object.has(property.getKey())) {
                    object.set(property.getKey(), field.get("default").deepCopy());
                }
                apply(field, object.path(property.getKey()));
            });
            if (schema.path("additionalProperties").isObject()) {
                object.forEach(entry -> apply(schema.get("additionalProperties"), entry));
            }
        } else if (value.isArray()) {
            value.forEach(item -> apply(schema.path("items"), item));
        }
    }
}
