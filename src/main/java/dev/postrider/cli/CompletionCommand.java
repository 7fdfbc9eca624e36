package dev.postrider.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what a shell needs to complete command lines. */
@Command(name = "completion", mixinStandardHelpOptions = true, description = {
        "Prints a script for bash and zsh that completes command lines of postrider.",
        "To use it at once: source <(postrider completion)"})
final class CompletionCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine root = spec.root().commandLine();
        root.getOut().print(AutoComplete.bash("postrider", root));
        root.getOut().flush();
        return 0;
    }
}
