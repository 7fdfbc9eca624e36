package dev.postrider.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Shows a message, never its content. */
@Command(name = "show", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Shows a message: its envelope and what became of it, not its content.")
final class QueueShowCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "ID", converter = QueueId.Converter.class, description = "The queue id, as in the relay's 250 "
            + "reply and log.")
    QueueId id;

    @Option(names = {"-o", "--output"}, paramLabel = "FORMAT", defaultValue = "table",
            description = Output.DESCRIPTION)
    Output output;

    @Mixin
    RelayOptions relay;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode message;
        try (RelayConnection connection = relay.connect()) {
            message = connection.get("/queue/" + id.text());
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        terminal.print(switch (output) {
            case JSON, YAML -> Output.of(message, output);
            case TABLE -> QueueTable.describe(message, Instant.now(), terminal).stripTrailing();
        });
        return 0;
    }
}
