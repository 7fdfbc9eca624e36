package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What YAML is to the clients of Kubernetes: scalars of YAML 1.1. */
final class YamlTextTest {
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(quoteCharacter = '`', value = {"yes, true", "Off, false", "n, false", "~, null", "0755, 493", "0o17, 15",
            "0x1F, 31", "1_000, 1000", "-5, -5", "1.50, 1.50", "1e3, 1E+3", "08, 8", "1.2.3, \"1.2.3\"",
            "\"yes\", \"yes\"", "'1', \"1\"", "!!str 5, \"5\"", "12345678901234567890, 12345678901234567890",
            "2026-11-22, \"2026-11-22\""})
    void scalarsAreReadAsKubernetesDoes(String yaml, String json) {
        assertThat(new YamlText("value: " + yaml).trees().getFirst().json().get("value")).hasToString(json);
    }

    @ParameterizedTest
    @CsvSource({"/spec/servers/0/name, spec.servers[0].name", "/metadata/labels/a.b~1c, metadata.labels[a.b/c]",
            "/data/ca.crt, data[ca.crt]", "'', ''"})
    void pointersReadAsFieldPaths(String pointer, String path) {
        assertThat(Field.of(pointer)).isEqualTo(path);
    }
}
