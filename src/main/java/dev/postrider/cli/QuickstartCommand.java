package dev.postrider.cli;

import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.Check;
import dev.postrider.local.LocalMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Shows the whole way of a mail on one machine. */
@Command(name = "quickstart", mixinStandardHelpOptions = true, description = {
        "Shows the whole way of a mail on this machine: sinks play the mail servers that the manifests name, "
                + "the servers "
                + "are tested, and an application of each organization sends a mail through the relay.",
        "On a terminal it stays until Ctrl-C, for trying things out; else it ends. Exit code 1 if a mail did "
                + "not arrive."})
final class QuickstartCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "Manifests whose mail servers are at 127.0.0.1.")
    Path manifests;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!Files.isDirectory(manifests)) {
            throw new ParameterException(spec.commandLine(), "There is no directory " + manifests);
        }
        KnownWarning.hide();
        // What the relay logs of each mail is shown here in other words. Read when the first logger is made.
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        Terminal terminal = Terminal.of(spec.commandLine());
        try (Stop stop = new Stop(); Scratch scratch = new Scratch()) {
            return run(terminal, scratch.directory, stop);
        }
    }

    private int run(Terminal terminal, Path scratch, Stop stop) throws IOException, InterruptedException {
        try (LocalView view = new LocalView(terminal, false);
                PlayedServers servers = new PlayedServers(manifests, scratch.resolve("manifests"), view::arrived);
                LocalMode local = new LocalMode(new LocalMode.Options(servers.directory(), scratch.resolve("state"), 0,
                        true, Set.of(Check.SYSTEM_NAMESPACE), true), view, InstantSource.system())) {
            boolean good = new QuickstartTour(local, servers, terminal).show();
            if (Terminal.isInteractive()) {
                view.follow();
                stop.await();
            }
            return good ? 0 : 1;
        }
    }

    /** A directory that is gone afterwards. */
    private static final class Scratch implements AutoCloseable {
        private final Path directory;

        Scratch() throws IOException {
            this.directory = Files.createTempDirectory("postrider-quickstart-");
        }

        @Override
        public void close() throws IOException {
            List<Path> paths;
            try (Stream<Path> below = Files.walk(directory)) {
                paths = below.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path path : paths) {
                Files.deleteIfExists(path);
            }
        }
    }
}
