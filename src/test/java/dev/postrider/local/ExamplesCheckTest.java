package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples get the findings that the API server's own answers, in the same files, are held against. */
final class ExamplesCheckTest {
    private static final Path EXAMPLES = Path.of("examples");
    private static final Path INVALID = EXAMPLES.resolve("invalid");
    private static final String EXPECT = "# expect: ";

    /** Only a resource that is there already can be changed, and files do not tell which one is. */
    private static final Set<String> NEEDS_A_CLUSTER = Set.of("scope-changed.yaml");

    private final Check check = new Check(Set.of(Check.SYSTEM_NAMESPACE));

    static List<Path> valid() throws IOException {
        return entries(EXAMPLES, path -> Files.isDirectory(path) && !path.equals(INVALID));
    }

    static List<Path> invalid() throws IOException {
        return entries(INVALID, path -> path.toString().endsWith(".yaml"));
    }

    private static List<Path> entries(Path directory, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(wanted).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("valid")
    void validOnesAreClean(Path directory) throws IOException {
        Check.Report report = check.check(List.of(directory));

        // A warning is for what another directory may well hold: features name the global server of the quickstart.
        assertThat(report.findings()).filteredOn(finding -> finding.severity() == Finding.Severity.ERROR).isEmpty();
        assertThat(report.resources()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void invalidOnesGetTheirMessage(Path file) throws IOException {
        String expected = Files.readAllLines(file).getFirst();
        assertThat(expected).startsWith(EXPECT);
        String[] fieldAndMessage = expected.substring(EXPECT.length()).split(": ", 2);

        Check.Report report = check.check(List.of(file));

        assertThat(report.errors()).isPositive();
        if (!NEEDS_A_CLUSTER.contains(String.valueOf(file.getFileName()))) {
            assertThat(report.findings())
                    .anySatisfy(finding -> assertThat(finding.field() + ": " + finding.message())
                            .contains(fieldAndMessage[0])
                            .contains(fieldAndMessage[1]));
        }
    }
}
