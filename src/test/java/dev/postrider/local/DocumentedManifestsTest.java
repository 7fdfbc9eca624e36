package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.local.Finding.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole manifests that the documentation shows; parts of manifests are not looked at. */
final class DocumentedManifestsTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml\\n(apiVersion: .*?)^```$");

    @TempDir
    Path directory;

    static Stream<Path> pages() {
        return Stream.of("README.md", "docs/bindings.md", "docs/connect.md", "docs/resources.md").map(Path::of);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void areTaken(Path page) throws IOException {
        List<String> manifests = BLOCK.matcher(Files.readString(page)).results().map(m -> m.group(1)).toList();
        assertThat(manifests).isNotEmpty();
        for (String manifest : manifests) {
            Path file = Files.writeString(directory.resolve("manifest.yaml"), manifest);

            Check.Report report = new Check(Set.of(Check.SYSTEM_NAMESPACE)).check(List.of(file));

            assertThat(report.findings()).as(manifest).noneMatch(finding -> finding.severity() == Severity.ERROR);
        }
    }
}
