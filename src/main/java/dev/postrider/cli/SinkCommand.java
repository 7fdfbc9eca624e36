package dev.postrider.cli;

import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.RelayIdentity;
import dev.postrider.relay.sink.ReceivedMail;
import dev.postrider.relay.sink.Sink;
import dev.postrider.relay.smtp.ServerTls;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.route.RelayCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** An SMTP server to try things out with. */
@Command(name = "sink", mixinStandardHelpOptions = true, showDefaultValues = true, description = {
        "An SMTP server that takes all mail and shows it, for trying things out. Ends on Ctrl-C.",
        "Without --tls it encrypts nothing: use security None in a MailServer that points at it."})
final class SinkCommand implements Callable<Integer> {
    private static final DateTimeFormatter FILE_NAME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    @Spec
    CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "2525",
            description = "0 for one that the system chooses.")
    int port;

    @Option(names = "--bind", paramLabel = "ADDRESS", defaultValue = "127.0.0.1",
            description = "The address to listen on.")
    InetAddress bind;

    @Option(names = "--user", paramLabel = "USER", description = "Takes mail only after a login as this user. Default: "
            + "any login, or none.")
    @Nullable
    String user;

    @Option(names = "--password-file", paramLabel = "FILE", description = "A file whose first line is the password of "
            + "--user.")
    @Nullable
    Path passwordFile;

    @Option(names = "--save", paramLabel = "DIR", description = "Writes each mail to a file of its own, *.eml.")
    @Nullable
    Path save;

    @Option(names = "--tls", paramLabel = "DIR", description = "Offers STARTTLS, with a certificate for localhost and "
            + "127.0.0.1 that it makes and keeps in DIR. DIR/ca.crt is for the Secret that a MailServer's "
            + "tls.caSecretRef names.")
    @Nullable
    Path tls;

    private final AtomicInteger count = new AtomicInteger();

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        Ports.check(spec.commandLine(), "--port", port);
        Optional<Sink.Login> login = login();
        Terminal terminal = Terminal.of(spec.commandLine());
        if (save != null) {
            Files.createDirectories(save);
        }
        try (Stop stop = new Stop();
                Sink sink = Sink.open(new Sink.Options(new InetSocketAddress(bind, port), SmtpListener.Start.PLAIN,
                        certificate(), login), mail -> show(mail, terminal))) {
            terminal.print("listening on %s:%d%s, %s".formatted(bind.getHostAddress(), sink.port(),
                    tls == null ? "" : " with STARTTLS", login.map(l -> "for " + l.user() + " alone")
                            .orElse("for everybody")));
            stop.await();
            terminal.print(count.get() == 1 ? "1 mail came" : count + " mails came");
        }
        return 0;
    }

    private Optional<SSLContext> certificate() throws IOException {
        if (tls == null) {
            return Optional.empty();
        }
        RelayCertificate kept = RelayIdentity.load(tls, InstantSource.system());
        try {
            return Optional.of(ServerTls.context(kept.certificateChain(), kept.privateKey()));
        } catch (GeneralSecurityException e) {
            throw new IOException("--tls: the certificate in %s cannot be used: %s; delete it to have another made"
                    .formatted(tls, e.getMessage()), e);
        }
    }

    private Optional<Sink.Login> login() throws IOException {
        if ((user == null) != (passwordFile == null)) {
            throw new ParameterException(spec.commandLine(), "--user and --password-file go together");
        }
        if (user == null || passwordFile == null) {
            return Optional.empty();
        }
        if (!Files.isReadable(passwordFile)) {
            throw new ParameterException(spec.commandLine(), "--password-file: cannot read " + passwordFile);
        }
        String password = Files.readString(passwordFile).lines().findFirst().orElse("");
        if (password.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "--password-file: the first line of " + passwordFile + " is empty");
        }
        return Optional.of(new Sink.Login(user, password));
    }

    private void show(ReceivedMail mail, Terminal terminal) {
        int number = count.incrementAndGet();
        String saved = "";
        if (save != null) {
            Path file = save.resolve(
                    "%s-%03d.eml".formatted(FILE_NAME.format(InstantSource.system().instant()), number));
            try {
                Files.write(file, mail.octets());
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write " + file, e);
            }
            saved = "\n  saved    " + file;
        }
        terminal.print(MailText.describe(mail, terminal) + saved);
    }
}
