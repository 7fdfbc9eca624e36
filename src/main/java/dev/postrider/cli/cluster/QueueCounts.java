package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** How many messages wait at the relay. */
sealed interface QueueCounts {

    /** Where a message is; as the relay's API names it. */
    enum State {
        QUEUED, ACTIVE, DEFERRED, HELD;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Those of an organization.
     *
     * @param oldest when the one that has waited longest was taken
     */
    record Row(String organization, Map<State, Integer> messages, Instant oldest) {
        int of(State state) {
            return messages.getOrDefault(state, 0);
        }

        int all() {
            return messages.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    /**
     * What the relay tells.
     *
     * @param rows     organizations with messages, in their order
     * @param complete whether these are all; a full queue is not read to its end
     */
    record Counted(List<Row> rows, boolean complete) implements QueueCounts {
        int messages() {
            return rows.stream().mapToInt(Row::all).sum();
        }
    }

    /**
     * It does not tell.
     *
     * @param why for people
     */
    record Untold(String why) implements QueueCounts {}

    /** Counts no further. */
    int MOST = 10_000;
    /** The most that the relay gives at once. */
    int PAGE = 1_000;

    /** The messages of every organization; that needs the right in all namespaces. */
    static QueueCounts ofAll(RelayConnection relay) throws IOException, InterruptedException {
        return count(relay, List.of(""));
    }

    /** Those of some; a right in their namespaces is enough. */
    static QueueCounts of(RelayConnection relay, List<ResourceKey> organizations)
            throws IOException, InterruptedException {
        return count(relay, organizations.stream().map(key -> filter("organization", key.toString())).toList());
    }

    /** Those that were last tried at a server. */
    static QueueCounts ofServer(RelayConnection relay, String server) throws IOException, InterruptedException {
        return count(relay, List.of(filter("server", server)));
    }

    private static String filter(String name, String value) {
        return "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private static QueueCounts count(RelayConnection relay, List<String> filters)
            throws IOException, InterruptedException {
        Map<String, Row> rows = new TreeMap<>();
        boolean complete = true;
        for (String filter : filters) {
            String cursor = "";
            int read = 0;
            do {
                JsonNode page = relay.get("/queue?limit=" + PAGE + filter
                        + (cursor.isEmpty() ? "" : "&cursor=" + cursor));
                for (JsonNode message : page.path("items")) {
                    Row row = row(message);
                    rows.merge(row.organization(), row, QueueCounts::sum);
                    read++;
                }
                cursor = page.path("cursor").asText();
            } while (!cursor.isEmpty() && read < MOST);
            complete &= cursor.isEmpty();
        }
        return new Counted(new ArrayList<>(rows.values()), complete);
    }

    private static Row row(JsonNode message) {
        return new Row(message.path("organization").asText(),
                Map.of(State.valueOf(message.path("state").asText().toUpperCase(Locale.ROOT)), 1),
                Instant.parse(message.path("received").asText()));
    }

    private static Row sum(Row one, Row other) {
        Map<State, Integer> messages = new TreeMap<>(one.messages());
        other.messages().forEach((state, count) -> messages.merge(state, count, Integer::sum));
        return new Row(one.organization(), messages,
                one.oldest().isBefore(other.oldest()) ? one.oldest() : other.oldest());
    }

    /**
     * How many there are, and what becomes of them; empty if there are none.
     *
     * @param which after their number, as {@code last tried there}
     * @param fate  a sentence about them
     */
    default Optional<String> summary(String which, String fate) {
        return switch (this) {
            case Untold untold -> Optional.of("The number of messages%s is not known. %s. %s"
                    .formatted(which, untold.why().strip().replaceFirst("\\.$", ""), fate));
            case Counted counted when counted.messages() == 0 -> Optional.empty();
            case Counted counted -> Optional.of("%s%d message%s%s. %s".formatted(counted.complete() ? "" : "more than ",
                    counted.messages(), counted.messages() == 1 ? "" : "s", which, fate));
        };
    }
}
