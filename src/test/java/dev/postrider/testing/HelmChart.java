package dev.postrider.testing;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Renders the chart once for each of many sets of values, in one run of Helm: each is a subchart with its own name. */
public final class HelmChart {
    private static final Path CHART = Path.of("helm/postrider");
    private static final Pattern SOURCE = Pattern.compile("(?m)^---\n# Source: cases/charts/(case\\d{4})/.*\n");

    private HelmChart() {}

    /**
     * The objects of each set of values, as text, and without the names that tell one set from the others.
     *
     * @param folder empty; for Helm's files
     */
    public static List<List<String>> render(Path folder, List<? extends JsonNode> values) throws IOException {
        Path cases = folder.resolve("cases");
        copyChart(cases.resolve("charts/postrider"));
        String version = Serialization.unmarshal(Files.readString(CHART.resolve("Chart.yaml")), JsonNode.class)
                .at("/version")
                .asText();
        StringBuilder chart = new StringBuilder(
                "apiVersion: v2\nname: cases\nversion: 1.0.0\ndependencies:\n");
        ObjectNode all = new JsonMapper().createObjectNode();
        Map<String, List<String>> rendered = new LinkedHashMap<>();
        for (JsonNode some : values) {
            String alias = "case%04d".formatted(rendered.size());
            rendered.put(alias, new ArrayList<>());
            chart.append("- {name: postrider, version: %s, alias: %s}\n".formatted(version, alias));
            all.set(alias, some);
        }
        Files.writeString(cases.resolve("Chart.yaml"), chart);
        Files.writeString(cases.resolve("values.yaml"), Serialization.asYaml(all));
        read(template(folder, cases), rendered);
        return List.copyOf(rendered.values());
    }

    private static String template(Path folder, Path cases) {
        Map<String, String> environment = new LinkedHashMap<>();
        List.of("CACHE", "CONFIG", "DATA")
                .forEach(kind -> environment.put("HELM_" + kind + "_HOME", folder.toString()));
        CommandResult result = CommandResult.run(Path.of("."), environment, "",
                List.of(KubernetesBinaries.ofThisMachine().helm().toString(), "template", "postrider", cases.toString(),
                        "--namespace", "postrider-system"));
        if (result.exitCode() != 0) {
            throw new AssertionError("helm refuses: " + result.err());
        }
        return result.out();
    }

    private static void read(String out, Map<String, List<String>> rendered) {
        Matcher source = SOURCE.matcher(out);
        String alias = "";
        int start = out.length();
        while (source.find()) {
            add(rendered, alias, out, start, source.start());
            alias = source.group(1);
            start = source.end();
        }
        add(rendered, alias, out, start, out.length());
    }

    private static void add(Map<String, List<String>> rendered, String alias, String out, int start, int end) {
        if (start < end) {
            requireNonNull(rendered.get(alias)).add(out.substring(start, end).replace(alias, "postrider").strip());
        }
    }

    private static void copyChart(Path to) throws IOException {
        Files.walkFileTree(CHART, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path copy = to.resolve(CHART.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
