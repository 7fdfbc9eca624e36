package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of values in the chart's README is what values.yaml says, comments and all. */
final class ChartReadmeTest {
    private static final Path CHART = Path.of("helm/postrider");
    private static final String HEADING = "## Values\n\n";
    private static final Pattern KEY = Pattern.compile("( *)([A-Za-z0-9_]+):(?: (.+))?");

    @Test
    void tellsOfEachValueWhatItIsAndWhatItIsByDefault() throws IOException {
        String readme = Files.readString(CHART.resolve("README.md"));
        int end = readme.indexOf(HEADING) + HEADING.length();
        assertThat(end).isGreaterThan(HEADING.length());

        GoldenFiles.check(CHART.resolve("README.md"), readme.substring(0, end) + table(), getClass());
    }

    private static String table() throws IOException {
        List<String> rows = new ArrayList<>(List.of("| value | default | meaning |", "|---|---|---|"));
        Deque<String> path = new ArrayDeque<>();
        List<String> comment = new ArrayList<>();
        for (String line : Files.readAllLines(CHART.resolve("values.yaml"))) {
            Matcher key = KEY.matcher(line);
            if (line.strip().startsWith("# ")) {
                comment.add(line.strip().substring(2));
            } else if (key.matches()) {
                while (path.size() > key.group(1).length() / 2) {
                    path.removeLast();
                }
                path.addLast(key.group(2));
                String value = key.group(3);
                if (value != null || !comment.isEmpty()) {
                    rows.add("| `%s` | %s | %s |".formatted(String.join(".", path),
                            value == null ? "" : "`" + value + "`",
                            String.join(" ", comment).replace("|", "\\|")));
                }
                comment.clear();
            } else {
                assertThat(line).as("a line of values.yaml that is neither a comment nor a key").isBlank();
            }
        }
        return String.join("\n", rows) + "\n";
    }
}
