package dev.postrider.cli;

import dev.postrider.cli.terminal.Terminal;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueueMove;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Carries a queue from one place to another. */
@Command(name = "move", mixinStandardHelpOptions = true, description = {
        "Carries the mail of a queue into a PostgreSQL, where relays may be at work already.",
        "The relay of the source must not run. Broken off, run it again: what has gone over does not go twice."})
// @formatter:on
final class QueueMoveCommand implements Callable<Integer> {
    private static final String AFTER_SCHEME = "://";

    @Spec
    CommandSpec spec;

    @Option(names = "--from", paramLabel = "DIR|FILE|URL", required = true, description = "The relay's directory, a file that was set aside for damage, or a database.")
    String from;

    @Option(names = "--from-credentials", paramLabel = "DIR", description = "The directory with username, password and ca.crt, if --from is a database.")
    @Nullable
    Path fromCredentials;

    @Option(names = "--to", paramLabel = "URL", required = true, description = "postgresql://host:port/database; without a login.")
    String to;

    @Option(names = "--to-credentials", paramLabel = "DIR", description = "The directory with username, password and ca.crt for it.")
    @Nullable
    Path toCredentials;

    @Override
    public Integer call() throws QueueException {
        PostgresLocation target = location("--to", to, toCredentials);
        QueueMove.Progress progress = Terminal.isInteractive() ? this::show : (done, all) -> {};
        QueueMove.Result result = from.contains(AFTER_SCHEME)
                ? QueueMove.run(location("--from", from, fromCredentials), target, InstantSource.system(), progress)
                : QueueMove.run(Path.of(from), target, InstantSource.system(), progress);
        Terminal terminal = Terminal.of(spec.commandLine());
        terminal.print("moved " + result.moved() + " messages to " + target.name());
        if (result.unreadable() > 0) {
            terminal.print(terminal.bad(result.unreadable() + " messages could not be read whole and are left in "
                    + from));
            return 1;
        }
        return 0;
    }

    private void show(int done, int all) {
        spec.commandLine().getErr().print("\r" + done + " of " + all + (done == all ? "\n" : ""));
        spec.commandLine().getErr().flush();
    }

    private PostgresLocation location(String option, String url, @Nullable Path credentials) {
        try {
            return new PostgresLocation(url, Optional.ofNullable(credentials));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
        }
    }
}
