package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What the API server asks of resources of one kind. */
final class KindSchema {
    /** What the schema of a kind does not cover, and the API server validates itself or ignores on creation. */
    private static final Set<String> ENVELOPE = Set.of("apiVersion", "kind", "metadata", "status");

    private final ObjectNode fields;
    private final StructuralSchema fieldsSchema;
    private final StructuralSchema metadataSchema;
    private final CelRules rules = new CelRules();

    /**
     * @param openApi      schema of the whole resource
     * @param metadata     schema of every resource's metadata
     * @param confidential whether values of the resource must not show
     */
    KindSchema(ObjectNode openApi, ObjectNode metadata, boolean confidential) {
        this.fields = openApi.deepCopy();
        ENVELOPE.forEach(this.fields.withObjectProperty("properties")::remove);
        this.fieldsSchema = new StructuralSchema(this.fields, confidential);
        this.metadataSchema = new StructuralSchema(metadata, false);
    }

    /** The resource as the API server would store it, without its status. */
    ObjectNode withDefaults(ObjectNode resource) {
        ObjectNode copy = resource.deepCopy();
        copy.remove("status");
        Defaults.apply(fields, copy);
        return copy;
    }

    /**
     * Everything in a resource that is against the schema or its rules.
     *
     * @param resource with its defaults
     */
    List<Violation> violations(ObjectNode resource) {
        List<Violation> violations = new ArrayList<>();
        ObjectNode own = resource.deepCopy();
        ENVELOPE.forEach(own::remove);
        JsonNode meta = resource.has("metadata") ? resource.get("metadata") : resource.objectNode();
        metadataSchema.violations(meta)
                .forEach(v -> violations.add(new Violation("/metadata" + v.pointer(), v.message())));
        boolean metadataIsFine = violations.isEmpty();
        violations.addAll(fieldsSchema.violations(own));
        // A rule may fall over what the schema has already refused; only what it says of the rest counts.
        List<Violation> broken = rules.violations(fields, metadataIsFine ? resource : own);
        broken.stream()
                .filter(rule -> violations.stream()
                        .noneMatch(v -> v.pointer().startsWith(rule.pointer() + "/")
                                && !v.message().startsWith("unknown field")
                                && rule.message().contains("cannot be told")))
                .forEach(violations::add);
        return violations;
    }
}
