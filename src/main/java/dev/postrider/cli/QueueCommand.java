package dev.postrider.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Groups the commands about a relay's queue. */
@Command(name = "queue", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "COMMAND",
        description = "Shows and changes the mail that a relay has yet to deliver.",
        subcommands = {QueueListCommand.class, QueueShowCommand.class, QueueChangeCommand.Retry.class,
        QueueChangeCommand.Hold.class, QueueChangeCommand.Release.class, QueueChangeCommand.Remove.class,
        QueueChangeCommand.Adopt.class,
        QueueMoveCommand.class})
// @formatter:on
final class QueueCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command: "
                + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }
}
