package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What people look up by its name is in the documentation, and nothing is there that does not exist. */
@Tag("promises")
final class DocumentedNamesTest {
    private static final Path DOCS = Path.of("docs");
    private static final Path MAIN = Path.of("src/main/java/dev/postrider");

    @Test
    void metrics() throws IOException {
        Set<String> made = matches(sources(text -> text.contains("io.micrometer")),
                "\"postrider\\.((?!dev)[a-z.]+)\"").map(found -> found.group(1).replace('.', '_'))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> documented = matches(documentation() + read(Path.of("helm/postrider/files/dashboard.json"))
                + read(Path.of("helm/postrider/templates/prometheusrule.yaml")), "postrider_([a-z_]+)")
                .map(found -> found.group(1).replaceFirst("_bucket$", "").replaceFirst("_total$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(made).hasSizeGreaterThan(15);

        assertThat(made).as("metrics that no document names")
                .allMatch(name -> documented.contains(name) || documented.contains(name + "_seconds"));
        assertThat(documented).as("metrics that there are not")
                .allMatch(name -> made.contains(name) || made.contains(name.replaceFirst("_seconds$", "")));
    }

    @Test
    void repliesOfTheRelay() throws IOException {
        String code = text(MAIN.resolve("relay"), ".java");
        Set<String> given = matches(code, "(?:\\(|\\? )(\\d{3}), \"([45]\\.\\d+\\.\\d+)\"")
                .map(found -> found.group(1) + " " + found.group(2))
                .collect(Collectors.toCollection(TreeSet::new));
        given.addAll(names(code, "\"([45]\\d\\d [45]\\.\\d+\\.\\d+)\\b"));
        // What is wrong with a parameter is said without its status, which is always the same.
        names(code, "new Refused\\((5\\d\\d), (?!\"[245]\\.)").forEach(reply -> given.add(reply + " 5.5.4"));
        Set<String> documented = names(documentation(), "\\b([45]\\d\\d [45]\\.\\d+\\.\\d+)\\b");
        assertThat(given).hasSizeGreaterThan(20);

        assertThat(given).as("replies that no document names").isSubsetOf(documented);
        Set<String> inTables = names(read(DOCS.resolve("relay.md")),
                "(?m)^\\|.*\\b([45]\\d\\d [45]\\.\\d+\\.\\d+)\\b.*\\|$");
        assertThat(inTables).as("replies in tables that the relay does not give").isSubsetOf(given);
    }

    @Test
    void valuesOfTheChart() throws IOException {
        JsonNode schema = new JsonMapper().readTree(read(Path.of("helm/postrider/values.schema.json")));
        Set<String> leaves = new TreeSet<>();
        leaves(schema, schema, "", leaves);
        // Helm gives it to every chart that is part of another.
        leaves.remove(".global");
        String readme = read(Path.of("helm/postrider/README.md"));

        assertThat(leaves).as("values of the schema that the chart's README does not name")
                .allMatch(leaf -> isRow(readme, leaf.substring(1)) || isInRowOfParent(readme, leaf.substring(1)));
        Set<String> named = names(documentation(), "`(relay\\.[A-Za-z0-9.]+)`");
        assertThat(named).hasSizeGreaterThan(10);
        assertThat(named).as("values that the chart does not have")
                .allMatch(name -> leaves.stream().anyMatch(leaf -> (leaf + ".").startsWith("." + name + ".")));
    }

    private static boolean isRow(String readme, String leaf) {
        return Pattern.compile("(?m)^\\| `" + Pattern.quote(leaf) + "[`.]").matcher(readme).find();
    }

    /** Such as {@code delivery}, which is empty, and whose row tells what may be in it. */
    private static boolean isInRowOfParent(String readme, String leaf) {
        int dot = leaf.lastIndexOf('.');
        return dot > 0 && Pattern.compile("(?m)^\\| `" + Pattern.quote(leaf.substring(0, dot)) + "`.*\\b"
                + leaf.substring(dot + 1) + "\\b").matcher(readme).find();
    }

    private static void leaves(JsonNode root, JsonNode node, String name, Set<String> leaves) {
        JsonNode resolved = node.has("$ref") ? root.at(node.get("$ref").asText().substring(1)) : node;
        if (resolved.has("properties")) {
            resolved.get("properties")
                    .properties()
                    .forEach(e -> leaves(root, e.getValue(), name + "." + e.getKey(),
                            leaves));
        } else {
            leaves.add(name);
        }
    }

    private static Set<String> names(String text, String expression) {
        return matches(text, expression).map(found -> found.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<MatchResult> matches(String text, String expression) {
        return Pattern.compile(expression).matcher(text).results();
    }

    private static String documentation() throws IOException {
        return read(Path.of("README.md")) + text(DOCS, ".md");
    }

    private static String sources(Predicate<String> wanted) throws IOException {
        return texts(MAIN, ".java").stream().filter(wanted).collect(Collectors.joining("\n"));
    }

    private static String text(Path folder, String ending) throws IOException {
        return String.join("\n", texts(folder, ending));
    }

    private static List<String> texts(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> found = files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
            assertThat(found).isNotEmpty();
            return found.stream().map(DocumentedNamesTest::read).toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
