package dev.postrider.cli;

import dev.postrider.api.Mailbox;
import dev.postrider.cli.cluster.StatusTable;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.Check;
import dev.postrider.local.LocalMode;
import dev.postrider.local.LocalState;
import dev.postrider.local.Snapshot;
import dev.postrider.operator.installation.Settings;
import dev.postrider.plan.Installation.SupportSettings;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Runs Postrider without a cluster. */
@Command(name = "local", mixinStandardHelpOptions = true, description = {
        "Runs Postrider without a cluster: the manifests of a directory are the cluster, the relay listens on "
                + "localhost.",
        "Server tests are real mails. Prints the statuses as kubectl get would, and again whenever a file or a status "
                + "changes. With --once: checks, tests, prints each status as it comes and all in the end, and exits with "
                + "1 if something is not Ready."})
final class LocalCommand implements Callable<Integer> {
    /** Longer than a test of an unreachable server takes with the default timeouts of one address. */
    private static final Duration LONGEST_TEST = Duration.ofMinutes(6);

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The manifests: MailServers, OrganizationMailSettings, "
            + "LicenseExpiryNotices, Secrets.")
    Path directory;

    @Option(names = "--once", description = "Does not stay.")
    boolean once;

    @Option(names = "--listen", paramLabel = "PORT",
            description = "Port of the relay on localhost, with STARTTLS; 0 for one that the "
            + "system chooses. Default: 2587, with --once 0.")
    @Nullable
    Integer listen;

    @Option(names = "--links-port", paramLabel = "PORT",
            description = "Serves attachments that became links on this port of localhost, by HTTPS with the relay's "
            + "certificate, for organizations with links.host: localhost:PORT. Default: not at all.")
    @Nullable
    Integer linksPort;

    @Option(names = "--state", paramLabel = "DIR", description = "Where the queue, the relay's certificate and the "
            + "bindings are kept. Default: one for each DIR below $XDG_STATE_HOME/postrider or "
            + "~/.local/state/postrider.")
    @Nullable
    Path state;

    @Option(names = "--support-address", paramLabel = "ADDRESS", description = "Who helps organizations that name "
            + "nobody themselves: where mail to support@postrider.internal goes, as support.address of the chart says "
            + "it. Default: nobody.")
    @Nullable
    String supportAddress;

    @Option(names = "--trusted-namespace", paramLabel = "NAMESPACE", defaultValue = Check.SYSTEM_NAMESPACE,
            description = "Where global servers are honoured (default: ${DEFAULT-VALUE}).")
    Set<String> trustedNamespaces;

    @Option(names = "--global-server-policy", paramLabel = "POLICY", defaultValue = "Required",
            description = "Required: without an active global server nobody sends. Optional: own servers suffice "
            + "(default: ${DEFAULT-VALUE}).")
    Settings.GlobalServerPolicy globalServerPolicy;

    @Mixin
    ValuesOption values;

    @Mixin
    GraphOptions graph;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!Files.isDirectory(directory)) {
            throw new ParameterException(spec.commandLine(), "There is no directory " + directory);
        }
        KnownWarning.hide();
        int port = listen == null ? (once ? 0 : 2587) : listen;
        Ports.check(spec.commandLine(), "--listen", port);
        Ports.check(spec.commandLine(), "--links-port", linksPort == null ? 0 : linksPort);
        if (supportAddress != null && !supportAddress.matches(Mailbox.ADDRESS)) {
            throw new ParameterException(spec.commandLine(), "--support-address: \"" + supportAddress
                    + "\" is not a mail address: write one as help@example.com");
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        LocalState usual = LocalState.of(directory);
        LocalMode.Options options = new LocalMode.Options(directory, state == null ? usual.usual() : state,
                port, !once, trustedNamespaces, globalServerPolicy == Settings.GlobalServerPolicy.Required,
                graph.endpoints(), linksPort == null ? OptionalInt.empty() : OptionalInt.of(linksPort),
                new SupportSettings(Optional.ofNullable(supportAddress), true), values.files());
        try {
            return once ? once(options, terminal) : stay(options, usual, terminal);
        } catch (IOException e) {
            if (e.getCause() instanceof BindException) {
                throw new IOException(e.getMessage() + "; name another port with --listen, or 0 for any", e);
            }
            throw e;
        }
    }

    private static int once(LocalMode.Options options, Terminal terminal) throws IOException, InterruptedException {
        var view = LocalView.ofEachStatus(terminal);
        try (view; LocalMode local = new LocalMode(options, view, InstantSource.system())) {
            Snapshot snapshot = local.awaitSettled(LONGEST_TEST);
            terminal.print("\n" + StatusTable.wide(snapshot, terminal));
            if (snapshot.servers().isEmpty() && snapshot.organizations().isEmpty()
                    && snapshot.licenseNotices().isEmpty()) {
                terminal.print("There is nothing of Postrider's in " + options.directory());
            }
            return snapshot.isReady() && !view.hasErrors() ? 0 : 1;
        }
    }

    private static int stay(LocalMode.Options options, LocalState usual, Terminal terminal)
            throws IOException, InterruptedException {
        try (Stop stop = new Stop();
                var view = new LocalView(terminal, true);
                LocalMode local = new LocalMode(options, view, InstantSource.system());
                var _ = usual.announce(options.state())) {
            terminal.print(
                    "Applications send through localhost:%d (STARTTLS); host, login and certificate are files in %s"
                            .formatted(local.port(), local.bindings()));
            terminal.print("Change a file in " + options.directory() + ", or end with Ctrl-C.\n");
            stop.await();
        }
        return 0;
    }
}
