package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.api.TestSendStatus;
import dev.postrider.cli.terminal.Terminal;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of a test.
 *
 * @param dialogue lines of SMTP up to what failed, without credentials; empty if nothing did
 */
record TestReport(Inspected about, List<Inspected.Test> tests, List<String> dialogue) {
    private static final int WIDTH = 100;
    private static final String INDENT = "  ";
    private static final int LABEL = 12;

    boolean accepted() {
        return tests.stream().allMatch(test -> test.result().accepted());
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode()
                .put("kind", about.kind().kind())
                .put("namespace", about.key().namespace())
                .put("name", about.key().name())
                .put("accepted", accepted());
        var all = json.putArray("tests");
        for (Inspected.Test test : tests) {
            ObjectNode node = all.addObject().put("of", test.what());
            node.setAll(Serialization.unmarshal(Serialization.asJson(test.result()), ObjectNode.class));
        }
        var lines = json.putArray("dialogue");
        dialogue.forEach(lines::add);
        return json;
    }

    String describe(Terminal terminal) {
        List<String> lines = new ArrayList<>();
        for (Inspected.Test test : tests) {
            TestSendStatus result = test.result();
            String title = test.what() + ": ";
            lines.add(result.accepted()
                    ? terminal.good(title + "accepted")
                    : terminal.bad(title + "not accepted"
                            + Optional.ofNullable(result.failedStep()).map(step -> ", at " + step).orElse("")));
            add(lines, "why", result.failure());
            add(lines, "reply", result.reply());
            add(lines, "server", result.server());
            add(lines, "recipient", result.recipient());
            add(lines, "connection", result.tlsProtocol() != null
                    ? result.tlsProtocol() + ", " + result.tlsCipher()
                    : Boolean.TRUE.equals(result.inTheClear()) ? "not encrypted" : null);
            add(lines, "took", result.duration());
            add(lines, "again at", result.nextAttemptTime());
        }
        if (!dialogue.isEmpty()) {
            lines.add(INDENT + "dialogue");
            dialogue.forEach(line -> lines.add(INDENT + INDENT + terminal.faint(Terminal.printable(line))));
        }
        return String.join("\n", lines);
    }

    private static void add(List<String> lines, String label, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            return;
        }
        String start = INDENT + label + " ".repeat(LABEL - label.length());
        for (String line : Terminal.wrap(value, WIDTH - start.length())) {
            lines.add(start + Terminal.printable(line));
            start = " ".repeat(start.length());
        }
    }
}
