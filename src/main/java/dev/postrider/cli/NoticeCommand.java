package dev.postrider.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What there is to do with notices of licenses. */
@Command(name = "notice", mixinStandardHelpOptions = true, description = "Notices of licenses that expire.", synopsisSubcommandLabel = "COMMAND", subcommands = NoticePreviewCommand.class)
final class NoticeCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
