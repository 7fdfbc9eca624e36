package dev.postrider.cli;

import dev.postrider.api.TestSendStatus;
import dev.postrider.cli.cluster.StatusTable;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.LocalMode;
import dev.postrider.local.Snapshot;
import dev.postrider.relay.sink.ReceivedMail;
import dev.postrider.relay.sink.Sink;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What the quickstart shows, step by step. */
final class QuickstartTour {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String RECIPIENT = "customer@example.net";

    private final LocalMode local;
    private final PlayedServers servers;
    private final Terminal terminal;

    QuickstartTour(LocalMode local, PlayedServers servers, Terminal terminal) {
        this.local = local;
        this.servers = servers;
        this.terminal = terminal;
    }

    /** Shows it; answers whether everything worked. */
    boolean show() throws IOException, InterruptedException {
        title("\n1. The manifests in " + servers.directory() + " are in effect; they stand for a cluster");
        terminal.print("   Sinks on the ports %s play the mail servers, Postrider's relay listens on localhost:%d.\n"
                .formatted(ports(), local.port()));
        Snapshot snapshot = local.awaitSettled(PATIENCE);
        terminal.print(StatusTable.wide(snapshot, terminal).indent(3).replaceAll("(?m)^ +$", ""));
        boolean good = snapshot.isReady();

        title("2. Each mail server was proved with a real test mail");
        for (Snapshot.Server server : snapshot.servers()) {
            good &= tested(server);
        }

        title("\n3. An application of each organization sends a mail through the relay, with the login of its binding");
        for (Snapshot.Organization organization : snapshot.organizations()) {
            good &= sends(organization, snapshot);
        }

        terminal.print("");
        terminal.print(good
                ? terminal.good("All mails arrived.")
                : terminal.bad("Not everything works; the lines above say what."));
        title("\nWhat to try next");
        for (Snapshot.Organization organization : snapshot.organizations().stream().limit(1).toList()) {
            terminal.print(next(organization));
        }
        return good;
    }

    private boolean tested(Snapshot.Server server) throws InterruptedException {
        TestSendStatus test = server.status() == null ? null : server.status().testSend();
        if (test == null) {
            return tick(false, server.key() + ": not tested");
        }
        if (!test.accepted()) {
            return tick(false, server.key() + ": " + test.failure());
        }
        Sink sink = servers.sinks().get(port(server));
        Optional<ReceivedMail> mail = sink == null
                ? Optional.empty()
                : arrival(sink, m -> m.submission().mailboxes().contains(test.recipient()));
        return tick(mail.isPresent(), mail
                .map(m -> "%s took \"%s\" for %s%s, in %s".formatted(server.key(), MailText.of(m).subject(),
                        test.recipient(), login(m), test.duration()))
                .orElse(server.key() + ": the test mail did not arrive"));
    }

    private boolean sends(Snapshot.Organization organization, Snapshot snapshot)
            throws IOException, InterruptedException {
        Path binding = binding(organization);
        String subject = "Your order at " + organization.key().name();
        try {
            new BoundApplication(binding).send(RECIPIENT, subject, "Thank you for your order.\n");
        } catch (MessagingException e) {
            return tick(false, organization.key() + ": the relay did not take the mail: " + e.getMessage());
        }
        for (Snapshot.Server server : snapshot.servers()) {
            Sink sink = servers.sinks().get(port(server));
            boolean serves = organization.status() != null && organization.status().servers() != null
                    && organization.status().servers().contains(server.key().toString());
            Optional<ReceivedMail> mail = sink == null || !serves
                    ? Optional.empty()
                    : arrival(sink, m -> MailText.of(m).subject().equals(subject));
            if (mail.isPresent()) {
                return tick(true, "%s: \"%s\" from %s arrived through %s%s".formatted(organization.key(), subject,
                        MailText.of(mail.get()).from(), server.key(), login(mail.get())));
            }
        }
        return tick(false, organization.key() + ": the relay took the mail, but it did not arrive");
    }

    private static Optional<ReceivedMail> arrival(Sink sink, Predicate<ReceivedMail> wanted)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (int seen = 0;;) {
            Optional<ReceivedMail> found = sink.mails().stream().filter(wanted).findFirst();
            long left = end - System.nanoTime();
            if (found.isPresent() || left <= 0) {
                return found;
            }
            seen = Math.max(seen, sink.mails().size());
            sink.await(seen + 1, Duration.ofNanos(Math.min(left, TimeUnit.SECONDS.toNanos(1))));
        }
    }

    private String next(Snapshot.Organization organization) throws IOException {
        String jar = "java -jar target/postrider.jar";
        if (!Terminal.isInteractive()) {
            return """
                       - Run this on a terminal: it stays up, for you to send mails and edit the manifests
                       - Run Postrider on manifests of your own, without a cluster:
                           %1$s local DIR
                       - Check manifests before a commit:
                           %1$s check DIR
                       (java must be 25 or newer; this one is %2$s)
                    """.formatted(jar, System.getProperty("java.home") + "/bin/java").stripTrailing();
        }
        Path binding = binding(organization);
        BoundApplication application = new BoundApplication(binding);
        return """
                   - Send a mail yourself, from another terminal:
                       swaks --server localhost:%d --tls --from %s --to you@example.net \\
                         --auth PLAIN --auth-user %s --auth-password "$(cat %s)"
                   - Edit a file in %s while this runs: another port, no label on the Secret, sendingEnabled: false.
                     The statuses are printed again, and the last good settings go on working.
                   - End with Ctrl-C.
                """.formatted(local.port(), application.entry("from"), application.entry("username"),
                binding.resolve("password"), servers.directory()).stripTrailing();
    }

    private Path binding(Snapshot.Organization organization) {
        var status = organization.status();
        String name = status == null || status.binding() == null
                ? organization.key().name() + "-mail"
                : status.binding().name();
        return local.bindings().resolve(organization.key().namespace()).resolve(name);
    }

    private static int port(Snapshot.Server server) {
        var smtp = server.spec().smtp();
        return smtp == null || smtp.port() == null ? 0 : smtp.port();
    }

    private static String login(ReceivedMail mail) {
        return mail.submission().user().map(user -> " (logged in there as " + user + ")").orElse("");
    }

    private String ports() {
        Map<Integer, Sink> sinks = servers.sinks();
        return sinks.keySet().stream().map(String::valueOf).collect(Collectors.joining(" and "));
    }

    private void title(String text) {
        terminal.print(terminal.strong(text));
    }

    private boolean tick(boolean good, String text) {
        terminal.print("   " + (good ? terminal.good("✓") : terminal.bad("✗")) + " " + text);
        return good;
    }
}
