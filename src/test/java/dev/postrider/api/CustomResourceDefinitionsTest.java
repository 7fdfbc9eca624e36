package dev.postrider.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.testing.GoldenFiles;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CustomResourceDefinitionsTest {
    private static final String HEADER = """
            # Generated from the records in src/main/java/dev/postrider/api; change those, then:
            # mvn test -Dtest=CustomResourceDefinitionsTest -Dpostrider.write=true
            """;

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER, YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES, YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .build();

    static List<CustomResourceDefinition> definitions() {
        return CustomResourceDefinitions.all();
    }

    @ParameterizedTest
    @MethodSource("definitions")
    void theCommittedFilesAreWhatTheRecordsSay(CustomResourceDefinition definition) {
        var file = definition.getMetadata().getName() + ".yaml";
        var content = HEADER + yaml(definition);
        GoldenFiles.check(Path.of("crds", file), content, getClass());
        GoldenFiles.check(Path.of("helm/postrider/files/crds", file), content, getClass());
    }

    private static String yaml(CustomResourceDefinition definition) {
        try {
            return YAML.writeValueAsString(definition);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("definitions")
    void everyFieldIsExplained(CustomResourceDefinition definition) {
        var schema = definition.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
        var silent = new ArrayList<String>();
        collectUnexplained(definition.getSpec().getNames().getKind(), schema, silent);
        assertThat(silent).isEmpty();
    }

    private static void collectUnexplained(String path, JSONSchemaProps schema, List<String> silent) {
        if (schema.getDescription() == null) {
            silent.add(path);
        }
        schema.getProperties().forEach((name, field) -> collectUnexplained(path + "." + name, field, silent));
        if (schema.getItems() != null) {
            schema.getItems()
                    .getSchema()
                    .getProperties()
                    .forEach((name, field) -> collectUnexplained(path + "[]." + name, field, silent));
        }
    }
}
