package dev.postrider.cli;

import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.cli.terminal.Terminal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Does something to messages: to those that are named, or to all that a filter matches. */
abstract sealed class QueueChangeCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "ID", converter = QueueId.Converter.class, description = "Queue ids; or else a "
            + "filter, or --all.")
    List<QueueId> ids = new ArrayList<>();

    @Mixin
    QueueFilterOptions filter;

    @Option(names = "--all", description = "Every message of every organization is meant.")
    boolean all;

    @Mixin
    RelayOptions relay;

    // @formatter:on

    /** Tries messages now. */
    @Command(name = "retry", mixinStandardHelpOptions = true, sortOptions = false, description = "Tries messages now, unless they are held or active.")
    static final class Retry extends QueueChangeCommand {}

    /** Keeps messages back. */
    @Command(name = "hold", mixinStandardHelpOptions = true, sortOptions = false, description = "Keeps messages back until they are released; an attempt under way goes on.")
    static final class Hold extends QueueChangeCommand {}

    /** Lets messages go again. */
    @Command(name = "release", mixinStandardHelpOptions = true, sortOptions = false, description = "Lets held messages go again, at once.")
    static final class Release extends QueueChangeCommand {}

    /** Throws messages away. */
    @Command(name = "remove", mixinStandardHelpOptions = true, sortOptions = false, description = "Throws messages away without a report to their senders, unless they are active.")
    static final class Remove extends QueueChangeCommand {}

    /** Gives messages to another owner. */
    @Command(name = "adopt", mixinStandardHelpOptions = true, sortOptions = false, description = "Gives messages that a former owner of an organization's name left to the organization that has the name now; as after a restore from a backup.")
    static final class Adopt extends QueueChangeCommand {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        int ways = (ids.isEmpty() ? 0 : 1) + (filter.isEmpty() ? 0 : 1) + (all ? 1 : 0);
        if (ways != 1) {
            throw new ParameterException(spec.commandLine(), ways == 0
                    ? "Say which messages: ids, a filter (--organization, --server, --recipient, --state), or --all"
                    : "Ids, a filter and --all exclude each other");
        }
        String name = spec.name();
        int changed = 0;
        int failed = 0;
        try (RelayConnection connection = relay.connect()) {
            if (ids.isEmpty()) {
                changed = connection
                        .post("/queue/" + name + "?" + (all ? "all=true" : String.join("&", filter.parameters())))
                        .path("changed")
                        .asInt();
            }
            for (QueueId id : ids) {
                try {
                    changed += connection.post("/queue/" + id.text() + "/" + name).path("changed").asInt();
                } catch (IOException e) {
                    failed++;
                    spec.commandLine()
                            .getErr()
                            .println(spec.commandLine().getColorScheme().errorText(String.valueOf(e.getMessage())));
                }
            }
        }
        String rested = name.equals("release") && changed == 0
                ? filter.organization().map("; mail of %s that rested is tried again"::formatted).orElse("")
                : "";
        Terminal.of(spec.commandLine())
                .print(name + ": " + changed + (changed == 1 ? " message" : " messages") + rested);
        return failed == 0 ? 0 : 1;
    }
}
