package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code examples/} shows is what the API server takes, and what {@code examples/invalid} holds it refuses. */
@UsesApiServer
final class ExamplesIT {
    private static final Path EXAMPLES = Path.of("examples");
    private static final Path INVALID = EXAMPLES.resolve("invalid");
    private static final Pattern EXPECTATION = Pattern.compile("# expect: (?<field>[^ ]+): (?<message>.+)");

    static List<Path> folders() throws IOException {
        try (var files = Files.list(EXAMPLES)) {
            return files.filter(Files::isDirectory)
                    .filter(folder -> !folder.equals(INVALID) && !folder.endsWith("quickstart"))
                    .sorted()
                    .toList();
        }
    }

    static List<Path> valid() throws IOException {
        try (var files = Files.walk(EXAMPLES)) {
            return yaml(files).filter(file -> !file.startsWith(INVALID)).toList();
        }
    }

    static List<Path> invalid() throws IOException {
        try (var files = Files.list(INVALID)) {
            return yaml(files).toList();
        }
    }

    private static Stream<Path> yaml(Stream<Path> files) {
        return files.filter(file -> file.toString().endsWith(".yaml")).sorted();
    }

    @Test
    void theQuickstartIsTakenAsItStands(ApiServer server) throws IOException {
        var folder = EXAMPLES.resolve("quickstart");

        var result = server.kubectl("apply", "--validate=strict", "-f", folder.toString());

        assertThat(result.err()).isEmpty();
        assertThat(server.kubectl("get", "postrider", "-n", "globex", "--no-headers").out().lines()).hasSize(2);
        // Its namespaces are fixed, and no other test is to find these objects.
        try (var files = Files.list(folder)) {
            for (var file : yaml(files).skip(1).toList()) {
                assertThat(server.kubectl("delete", "-f", file.toString(), "--wait=false").err()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void aFolderWithoutNamespacesIsTakenInAny(Path folder, ApiServer server) {
        var namespace = server.createNamespace("examples");

        var result = server.kubectl("apply", "--validate=strict", "-f", folder.toString(), "-n", namespace);

        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("valid")
    void aFileSaysFirstWhatItShows(Path file) throws IOException {
        assertThat(Files.readAllLines(file).getFirst()).startsWith("# ").hasSizeGreaterThan(30);
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void anInvalidOneIsRefusedWithTheMessageItNames(Path file, ApiServer server) throws IOException {
        var expectation = EXPECTATION.matcher(Files.readAllLines(file).getFirst());
        assertThat(expectation.matches()).as("the first line of %s reads '# expect: <field>: <message>'", file)
                .isTrue();

        var result = server.kubectl("apply", "--validate=strict", "-f", file.toString(), "-n", "default");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err().lines()).anySatisfy(
                line -> assertThat(line).contains(expectation.group("field"), expectation.group("message")));
    }
}
