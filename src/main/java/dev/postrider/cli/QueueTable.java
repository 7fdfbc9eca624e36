package dev.postrider.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.cli.terminal.Age;
import dev.postrider.cli.terminal.Size;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.cli.terminal.TextTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Messages of a queue as kubectl would print them. */
final class QueueTable {
    private static final String NONE = "<none>";

    private QueueTable() {}

    static String of(Iterable<JsonNode> messages, Instant now, Terminal terminal) {
        List<List<String>> rows = new ArrayList<>();
        boolean waiting = StreamSupport.stream(messages.spliterator(), false).anyMatch(QueueTable::isWaiting);
        rows.add(row(waiting, "WAITING FOR", "ID", "ORGANIZATION", "SENDER", "RECIPIENT", "SIZE", "AGE", "STATE",
                "ATTEMPTS", "LAST", "NEXT", "SERVER", "LAST REPLY"));
        for (JsonNode message : messages) {
            for (JsonNode recipient : message.path("recipients")) {
                List<String> row = new ArrayList<>(List.of(text(message, "id"), text(message, "organization"),
                        sender(message), text(recipient, "address"), Size.of(message.path("size").asLong()),
                        since(message.path("received"), now), text(message, "state")));
                row.addAll(attempts(message, recipient, now));
                rows.add(row(waiting, text(message, "waiting"), row.toArray(String[]::new)));
            }
        }
        return TextTable.format(rows, terminal);
    }

    /** A row, with another cell at its end where a message waits for something. */
    private static List<String> row(boolean waiting, String last, String... cells) {
        return Stream.concat(Stream.of(cells), waiting ? Stream.of(last) : Stream.empty()).toList();
    }

    static String describe(JsonNode message, Instant now, Terminal terminal) {
        List<List<String>> fields = new ArrayList<>();
        fields.add(List.of("Id:", text(message, "id")));
        fields.add(List.of("Organization:", text(message, "organization")));
        fields.add(List.of("Sender:", sender(message)));
        fields.add(List.of("Size:", message.path("size").asLong() + " octets"));
        fields.add(List.of("Received:",
                text(message, "received") + " (" + since(message.path("received"), now) + " ago)"));
        fields.add(List.of("State:", text(message, "state")));
        if (isWaiting(message)) {
            fields.add(List.of("Waiting for:", text(message, "waiting") + (message.has("waitingUntil")
                    ? ", until " + text(message, "waitingUntil")
                    : "")));
        }
        List<List<String>> recipients = new ArrayList<>();
        recipients.add(List.of("RECIPIENT", "ATTEMPTS", "LAST", "NEXT", "SERVER", "LAST REPLY"));
        for (JsonNode recipient : message.path("recipients")) {
            List<String> row = new ArrayList<>(List.of(text(recipient, "address")));
            row.addAll(attempts(message, recipient, now));
            recipients.add(row);
        }
        return TextTable.plain(fields) + "\n" + TextTable.format(recipients, terminal);
    }

    private static boolean isWaiting(JsonNode message) {
        return message.has("waiting");
    }

    private static List<String> attempts(JsonNode message, JsonNode recipient, Instant now) {
        return List.of(text(recipient, "attempts"), since(recipient.path("lastAttempt"), now),
                next(message, recipient, now), text(recipient, "server"), text(recipient, "lastReply"));
    }

    /** What waits is not tried at its time. */
    private static String next(JsonNode message, JsonNode recipient, Instant now) {
        return isWaiting(message) && !message.has("waitingUntil")
                ? "waits"
                : until(message.has("waitingUntil") ? message.path("waitingUntil") : recipient.path("nextAttempt"),
                        now);
    }

    private static String sender(JsonNode message) {
        return message.path("sender").asText().isEmpty() ? "<>" : text(message, "sender");
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isMissingNode() ? NONE : Terminal.printable(value.asText());
    }

    private static String since(JsonNode time, Instant now) {
        return time.isMissingNode() ? NONE : Age.since(Instant.parse(time.asText()), now);
    }

    private static String until(JsonNode time, Instant now) {
        return time.isMissingNode() ? NONE : Age.until(Instant.parse(time.asText()), now);
    }
}
