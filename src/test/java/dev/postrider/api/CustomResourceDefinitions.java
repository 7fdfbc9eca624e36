package dev.postrider.api;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CustomResourceInfo;
import io.fabric8.crdv2.generator.ResolvingContext;
import io.fabric8.crdv2.generator.v1.CustomResourceHandler;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import java.lang.reflect.ParameterizedType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** The custom resource definitions: what the generator makes of the records, and what it cannot say. */
final class CustomResourceDefinitions {
    /** The relay's login is {@code <name>.<namespace>}, the binding's Secret {@code <name>-mail}: both need room. */
    private static final int LONGEST_NAME = 100;

    private CustomResourceDefinitions() {}

    static List<CustomResourceDefinition> all() {
        return List.of(of(LicenseExpiryNotice.class), of(MailServer.class), of(OrganizationMailSettings.class));
    }

    private static CustomResourceDefinition of(Class<? extends CustomResource<?, ?>> kind) {
        var generator = new CustomResourceHandler();
        generator.handle(CustomResourceInfo.fromClass(kind), ResolvingContext.defaultResolvingContext(false));
        var definition = (CustomResourceDefinition) generator.finish().findFirst().orElseThrow().getKey();
        var version = definition.getSpec().getVersions().getFirst();
        version.getAdditionalPrinterColumns().sort(orderOf(kind));
        var root = version.getSchema().getOpenAPIV3Schema();
        dropRepeatedRules(root);
        completeRoot(root, kind);
        TextForms.explain(field(root, "spec"));
        completeStatus(field(root, "status"));
        if (kind == LicenseExpiryNotice.class) {
            completeNotice(root);
        }
        return definition;
    }

    /** The generator sorts the columns by path; people read them as they were declared. */
    private static Comparator<CustomResourceColumnDefinition> orderOf(Class<?> kind) {
        var names = Arrays.stream(kind.getAnnotationsByType(AdditionalPrinterColumn.class))
                .map(AdditionalPrinterColumn::name)
                .toList();
        return Comparator.comparingInt(column -> names.indexOf(column.getName()));
    }

    /** The generator takes a rule on a record component twice: from the field and from its accessor. */
    private static void dropRepeatedRules(JSONSchemaProps schema) {
        schema.setXKubernetesValidations(List.copyOf(new LinkedHashSet<>(schema.getXKubernetesValidations())));
        schema.getProperties().values().forEach(CustomResourceDefinitions::dropRepeatedRules);
        if (schema.getItems() != null) {
            dropRepeatedRules(schema.getItems().getSchema());
        }
    }

    private static void completeRoot(JSONSchemaProps root, Class<? extends CustomResource<?, ?>> kind) {
        var types = ((ParameterizedType) kind.getGenericSuperclass()).getActualTypeArguments();
        root.setDescription(description(kind));
        field(root, "spec").setDescription(description((Class<?>) types[0]));
        field(root, "status").setDescription(description((Class<?>) types[1]));
        root.setRequired(List.of("spec"));
        ValidationRule name = new ValidationRuleBuilder()
                .withRule("self.metadata.name.size() <= %d".formatted(LONGEST_NAME))
                .withMessage("metadata.name takes at most %d characters, so that the names made from it stay valid"
                        .formatted(LONGEST_NAME))
                .build();
        root.setXKubernetesValidations(List.of(name));
    }

    private static JSONSchemaProps field(JSONSchemaProps schema, String name) {
        return requireNonNull(schema.getProperties().get(name), "no field " + name);
    }

    private static String description(Class<?> type) {
        return requireNonNull(type.getAnnotation(JsonClassDescription.class), type + " has no description").value();
    }

    /** Conditions merge by type, and an object that no operator has seen yet says so (as in the Gateway API). */
    private static void completeStatus(JSONSchemaProps status) {
        var conditions = field(status, "conditions");
        conditions.setXKubernetesListType("map");
        conditions.setXKubernetesListMapKeys(List.of("type"));
        field(requireNonNull(conditions.getItems()).getSchema(), "lastTransitionTime").setFormat("date-time");
        status.setDefault(new ObjectNode(JsonNodeFactory.instance, Map.of("conditions", pending())));
    }

    /** A date that does not exist is refused, and a notice is written down once for each expiry date. */
    private static void completeNotice(JSONSchemaProps root) {
        field(field(field(root, "spec"), "license"), "expiryDate").setFormat("date");
        var sent = field(field(root, "status"), "sent");
        sent.setXKubernetesListType("map");
        sent.setXKubernetesListMapKeys(List.of("notice", "expiryDate"));
    }

    private static JsonNode pending() {
        return new ArrayNode(JsonNodeFactory.instance).add(JsonNodeFactory.instance.objectNode()
                .put("type", "Ready")
                .put("status", "Unknown")
                .put("reason", "Pending")
                .put("message", "waiting for the operator")
                .put("lastTransitionTime", "1970-01-01T00:00:00Z"));
    }
}
