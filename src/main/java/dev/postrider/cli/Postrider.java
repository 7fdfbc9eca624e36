package dev.postrider.cli;

import java.io.OutputStreamWriter;
import dev.postrider.cli.cluster.BindingCommand;
import dev.postrider.cli.cluster.ConfirmDeleteCommand;
import dev.postrider.cli.cluster.StatusCommand;
import dev.postrider.cli.cluster.TestSendCommand;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** The command line. Exit code 0: done and all well; 1: something is not well; 2: the command was not understood. */
@Command(name = "postrider", mixinStandardHelpOptions = true, versionProvider = Postrider.Version.class,
        description = "Mail settings of many organizations, as Kubernetes resources.",
        synopsisSubcommandLabel = "COMMAND", usageHelpAutoWidth = true, subcommands = {
        BindingCommand.class, CheckCommand.class, CompletionCommand.class, ConfirmDeleteCommand.class,
        LocalCommand.class, NoticeCommand.class, OperatorCommand.class, QueueCommand.class, QuickstartCommand.class,
        RelayCommand.class, SendCommand.class, SinkCommand.class, StatusCommand.class, TestSendCommand.class,
        UsageCommand.class})
// @formatter:on
public final class Postrider implements Runnable {
    /** System property: what people type to run it, where that is not {@code postrider}. */
    static final String NAME_PROPERTY = "postrider.name";

    @CommandLine.Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    /** The command line, ready to execute. */
    static CommandLine commandLine() {
        return new CommandLine(new Postrider()).setCommandName(System.getProperty(NAME_PROPERTY, "postrider"))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Postrider::misunderstood)
                .setExecutionExceptionHandler(Postrider::failed);
    }

    private static int misunderstood(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(command.getColorScheme().errorText(e.getMessage()));
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println((command.getParent() == null
                ? "Commands: " + String.join(", ", command.getSubcommands().keySet()) + ". "
                : "") + "Try " + command.getCommandSpec().qualifiedName() + " --help");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        command.getErr().println(command.getColorScheme().errorText(message));
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().setOut(output()).execute(arguments));
    }

    /** In the locale C Java knows only ASCII, and would print a question mark for every letter of most languages. */
    private static PrintWriter output() {
        Charset terminal = Charset.forName(System.getProperty("stdout.encoding", "UTF-8"));
        return new PrintWriter(new OutputStreamWriter(System.out,
                terminal.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : terminal), true);
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Postrider.class.getPackage().getImplementationVersion();
            return new String[]{"postrider " + (version == null ? "(not packaged)" : version)};
        }
    }
}
