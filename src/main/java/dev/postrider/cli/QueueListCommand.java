package dev.postrider.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Lists messages. */
@Command(name = "list", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Lists messages by organization and id, a line for each recipient that waits.")
final class QueueListCommand implements Callable<Integer> {
    private static final int PAGE = 1_000;

    @Spec
    CommandSpec spec;

    @Mixin
    QueueFilterOptions filter;

    @Option(names = "--limit", paramLabel = "N", defaultValue = "1000", description = "At most so many messages "
            + "(default: ${DEFAULT-VALUE}).")
    int limit;

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "table",
            description = Output.DESCRIPTION)
    Output output;

    @Mixin
    RelayOptions relay;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (limit < 1) {
            throw new ParameterException(spec.commandLine(), "--limit: " + limit + " is less than 1");
        }
        ArrayNode messages = JsonNodeFactory.instance.arrayNode();
        boolean more;
        try (RelayConnection connection = relay.connect()) {
            String cursor = "";
            do {
                List<String> parameters = new ArrayList<>(filter.parameters());
                parameters.add("limit=" + Math.min(PAGE, limit - messages.size()));
                if (!cursor.isEmpty()) {
                    parameters.add("cursor=" + cursor);
                }
                JsonNode page = connection.get("/queue?" + String.join("&", parameters));
                page.path("items").forEach(messages::add);
                cursor = page.path("cursor").asText();
            } while (!cursor.isEmpty() && messages.size() < limit);
            more = !cursor.isEmpty();
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        all.set("items", messages);
        terminal.print(switch (output) {
            case JSON, YAML -> Output.of(all, output);
            case TABLE -> messages.isEmpty()
                    ? "No messages."
                    : QueueTable.of(messages, Instant.now(), terminal).stripTrailing();
        });
        if (more) {
            spec.commandLine()
                    .getErr()
                    .println("There may be more than these " + messages.size()
                            + " messages. Ask for fewer by a filter, or for more by --limit");
        }
        return 0;
    }
}
