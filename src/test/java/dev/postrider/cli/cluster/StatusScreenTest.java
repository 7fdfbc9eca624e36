package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.cli.cluster.QueueCounts.State;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.testing.GoldenFiles;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each file has a screen, and below it the resources that it shows and what the relay tells. */
final class StatusScreenTest {
    private static final Path FOLDER = Path.of("src/test/resources/status");
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final NextStep NEXT = new NextStep("kubectl postrider", "postrider-system");
    private static final String RESOURCES = "\n---- of\n";
    private static final Pattern DOCUMENT_END = Pattern.compile("(?m)^---$\\n");

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void whatIsWrongStandsFirst(Path file) throws IOException {
        String whole = Files.readString(file);
        String input = whole.substring(whole.indexOf(RESOURCES) + RESOURCES.length());
        List<CustomResource<?, ?>> resources = new ArrayList<>();
        Optional<String> namespace = Optional.of("acme");
        QueueCounts queue = new QueueCounts.Counted(List.of(), true);
        boolean yaml = false;
        for (String document : DOCUMENT_END.splitAsStream(input).filter(text -> !text.isBlank()).toList()) {
            JsonNode tree = Serialization.unmarshal(document, JsonNode.class);
            switch (tree.path("kind").asText()) {
                case "MailServer" -> resources.add(Serialization.unmarshal(document, MailServer.class));
                case "OrganizationMailSettings" ->
                    resources.add(Serialization.unmarshal(document, OrganizationMailSettings.class));
                case "LicenseExpiryNotice" ->
                    resources.add(Serialization.unmarshal(document, LicenseExpiryNotice.class));
                case "Queue" -> queue = queue(tree);
                case "Options" -> {
                    namespace = tree.path("all").asBoolean() ? Optional.empty() : namespace;
                    yaml = tree.path("yaml").asBoolean();
                }
                default -> throw new IllegalArgumentException(document);
            }
        }

        StatusReport report = StatusReport.of(namespace, resources, queue, NEXT);

        Terminal terminal = Terminal.plain(new PrintWriter(new StringWriter()));
        GoldenFiles.check(file, (yaml ? Output.of(report.json(), Output.YAML) : StatusScreen.of(report, NOW, terminal))
                + "\n(exit code " + (report.notReady() == 0 ? 0 : 1) + ")\n" + RESOURCES + input, getClass());
    }

    private static QueueCounts queue(JsonNode tree) {
        if (tree.has("untold")) {
            return new QueueCounts.Untold(tree.path("untold").asText());
        }
        List<QueueCounts.Row> rows = new ArrayList<>();
        tree.path("rows").forEach(row -> {
            Map<State, Integer> messages = new EnumMap<>(State.class);
            for (State state : State.values()) {
                messages.put(state, row.path(state.text()).asInt());
            }
            rows.add(new QueueCounts.Row(row.path("organization").asText(), messages,
                    Instant.parse(row.path("oldest").asText())));
        });
        return new QueueCounts.Counted(rows, tree.path("complete").asBoolean(true));
    }
}
