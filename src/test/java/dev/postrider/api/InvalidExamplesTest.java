package dev.postrider.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every rule of the schema is shown by a file in {@code examples/invalid}. */
final class InvalidExamplesTest {
    /**
     * A rule, or what an example expects.
     *
     * @param field the last part of its path; types that are used twice need one example, and so do texts of one form
     */
    private record Rule(String field, String message) {
        boolean isShownBy(Rule expectation) {
            return (field.equals(expectation.field) || message.startsWith("must "))
                    && (expectation.message.contains(message) || message.contains(expectation.message));
        }
    }

    @Test
    void everyRuleHasAnExample() throws IOException {
        var rules = new ArrayList<Rule>();
        for (var definition : CustomResourceDefinitions.all()) {
            var root = definition.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
            root.getXKubernetesValidations()
                    .forEach(rule -> rules.add(new Rule("name", rule.getMessage().replace("metadata.name ", ""))));
            root.getRequired().forEach(field -> rules.add(new Rule(field, "Required value")));
            collect("spec", root.getProperties().getOrDefault("spec", new JSONSchemaProps()), rules);
        }
        var expectations = expectations();

        assertThat(rules).hasSizeGreaterThan(130);
        assertThat(rules.stream().filter(rule -> expectations.stream().noneMatch(rule::isShownBy)))
                .as("rules without a file in examples/invalid")
                .isEmpty();
    }

    private static void collect(String field, JSONSchemaProps schema, List<Rule> rules) {
        schema.getRequired().forEach(name -> rules.add(new Rule(name, "Required value")));
        schema.getXKubernetesValidations().forEach(rule -> rules.add(new Rule(field, rule.getMessage())));
        if (!schema.getEnum().isEmpty()) {
            rules.add(new Rule(field, "Unsupported value"));
        }
        assertThat(schema.getPattern()).as(field + ": people would be shown the expression; see TextForms").isNull();
        add(field, "at least %s chars", schema.getMinLength(), rules);
        add(field, "%s", schema.getMaxLength(), rules);
        add(field, "at most %s items", schema.getMaxItems(), rules);
        add(field, "greater than or equal to %.0f", schema.getMinimum(), rules);
        add(field, "less than or equal to %.0f", schema.getMaximum(), rules);
        schema.getProperties().forEach((name, property) -> collect(name, property, rules));
        if (schema.getItems() != null) {
            collect(field, schema.getItems().getSchema(), rules);
        }
    }

    private static void add(String field, String message, @Nullable Object limit,
            List<Rule> rules) {
        if (limit != null) {
            rules.add(new Rule(field, message.formatted(limit)));
        }
    }

    private static List<Rule> expectations() throws IOException {
        try (var files = Files.list(Path.of("examples/invalid"))) {
            var expectations = new ArrayList<Rule>();
            for (var file : files.toList()) {
                var line = Files.readAllLines(file).getFirst().substring("# expect: ".length());
                var path = line.substring(0, line.indexOf(": "));
                var field = path.substring(path.lastIndexOf('.') + 1).replaceFirst("\\[\\d+]$", "");
                expectations.add(new Rule(field, line.substring(line.indexOf(": ") + 2)));
            }
            return expectations;
        }
    }
}
