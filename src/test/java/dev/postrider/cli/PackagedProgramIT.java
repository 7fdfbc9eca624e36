package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.collect.MoreCollectors;
import dev.postrider.relay.sink.Sink;
import dev.postrider.testing.CommandResult;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, as a person or a pipeline runs it. */
final class PackagedProgramIT {
    private static final Path JAR = Path.of("target", "postrider.jar");

    @TempDir
    Path directory;

    /** What a run of the program left behind. */
    private record Run(int exit, String out, String err) {}

    @Test
    void theQuickstartShowsTheWholeWayOfAMailAndEndsByItselfWithoutATerminal() throws Exception {
        // Whether or not somebody else has the port: now somebody has.
        Optional<Sink> taken = take(2525);
        try {
            Run run = postrider("quickstart", "examples/quickstart");

            assertThat(run.out()).contains("2. Each mail server was proved with a real test mail")
                    .contains("✓ globex/globex-own took")
                    .contains("✓ postrider-system/company took")
                    .contains("arrived through postrider-system/company")
                    .contains("arrived through globex/globex-own (logged in there as globex)")
                    .contains("All mails arrived.");
            assertThat(run.err()).isEmpty();
            assertThat(run.exit()).isZero();
        } finally {
            taken.ifPresent(Sink::close);
        }
    }

    @Test
    void theQuickstartTellsWhenAMailDoesNotArrive() throws Exception {
        Files.writeString(directory.resolve("mail-server.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp:
                    host: name.invalid
                    port: 2525
                  test: {recipient: test@acme.example}
                """);
        Run run = postrider("quickstart", directory.toString());

        assertThat(run.out()).contains("✗ postrider-system/company: NameResolution").contains("Not everything works");
        assertThat(run.exit()).isEqualTo(1);
    }

    @Test
    void checkPrintsNothingButItsFindings() throws Exception {
        Run run = postrider("check", "examples/quickstart");

        assertThat(run).isEqualTo(new Run(0, "6 resources in 5 files: no problems; 3 documents of other kinds passed "
                + "over\n", ""));
    }

    @Test
    void localOnceTellsByItsExitCodeThatSomethingIsNotReady() throws Exception {
        Files.writeString(directory.resolve("server.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: acme}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: 1, security: None}
                """);
        Run run = postrider("local", "--once", "--state", directory.resolve(".state").toString(), directory.toString());

        assertThat(run.out()).contains("company").contains("False").contains("ScopeNotAllowed");
        assertThat(run.exit()).isEqualTo(1);
    }

    @Test
    void theSinkShowsAndSavesEachMailUntilItIsToldToStop() throws Exception {
        Path saved = directory.resolve("mails");
        Path out = directory.resolve("out");
        Process sink = start(out, directory.resolve("err"), "sink", "--port", "0", "--save", saved.toString());
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.readString(out).endsWith("for everybody\n"));
            String port = Files.readString(out).replaceAll("(?s).*127.0.0.1:([0-9]+),.*", "$1");
            send(Integer.parseInt(port));
            sink.destroy();
            assertThat(sink.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            sink.destroyForcibly();
        }
        assertThat(Files.readString(out)).isEqualTo("""
                listening on 127.0.0.1:PORT, for everybody
                mail Grüße
                  from     Anna <anna@example.com>
                  envelope <bounces@example.com> to <bob@example.net>
                  by       127.0.0.1, no login, not encrypted, SIZE octets
                  saved    FILE
                1 mail came
                """.replace("PORT", Files.readString(out).replaceAll("(?s).*127.0.0.1:([0-9]+),.*", "$1"))
                .replace("SIZE", Long.toString(Files.size(only(saved))))
                .replace("FILE", only(saved).toString()));
        assertThat(Files.readString(only(saved))).endsWith("\r\n\r\nHello\r\n");
    }

    @Test
    void theSinksCertificateIsGoodForAServerThatTrustsItsAuthority() throws Exception {
        Path tls = directory.resolve("tls");
        Path out = directory.resolve("out");
        Process sink = start(out, directory.resolve("err"), "sink", "--port", "0", "--tls", tls.toString());
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.readString(out).endsWith("for everybody\n"));
            String port = Files.readString(out).replaceAll("(?s).*127.0.0.1:([0-9]+) with STARTTLS,.*", "$1");
            Path manifests = Files.createDirectory(directory.resolve("manifests"));
            Files.writeString(manifests.resolve("server.yaml"), """
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: sink-ca, namespace: postrider-system, labels: {postrider.dev/credentials: "true"}}
                    stringData:
                      ca.crt: |
                    %s
                    ---
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: company, namespace: postrider-system}
                    spec:
                      scope: Global
                      smtp: {host: localhost, port: %s, security: StartTLS, tls: {caSecretRef: {name: sink-ca}}}
                      test: {recipient: test@acme.example}
                    """.formatted(Files.readString(tls.resolve("ca.crt")).strip().indent(4), port));

            Run run = postrider("local", "--once", "--state", directory.resolve(".state").toString(),
                    manifests.toString());

            assertThat(run.out()).contains("True").contains("Accepted");
            assertThat(run.exit()).isZero();
            assertThat(Files.readString(out)).contains("TLSv1.3");
        } finally {
            sink.destroyForcibly();
        }
    }

    @Test
    void anOlderJavaSaysWhichOneIsNeededAndWhichItIs() throws Exception {
        Optional<OlderJava> older = OlderJava.find();
        assumeTrue(older.isPresent(), "there is no Java older than 25 in /usr/lib/jvm, JAVA_HOME or on the PATH");

        CommandResult run = CommandResult.run(Path.of("."), Map.of(), "",
                List.of(older.get().program().toString(), "-jar", JAR.toString(), "--version"));

        assertThat(run.err()).isEqualTo("Postrider needs Java 25 or newer, and this is Java " + older.get().version()
                + " in " + older.get().home() + "; start it with another one, as /path/to/jdk-25/bin/java -jar "
                + JAR + "\n");
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }

    /** A Java of this machine that cannot run the program. */
    private record OlderJava(Path program, String version, String home) {
        private static final Pattern PROPERTY = Pattern.compile("(?m)^ *(java\\.[a-z.]+) = (.*)$");

        static Optional<OlderJava> find() throws IOException {
            List<Path> candidates = new ArrayList<>();
            if (Files.isDirectory(Path.of("/usr/lib/jvm"))) {
                try (Stream<Path> installed = Files.list(Path.of("/usr/lib/jvm"))) {
                    installed.map(home -> home.resolve("bin/java")).forEach(candidates::add);
                }
            }
            Optional.ofNullable(System.getenv("JAVA_HOME")).map(h -> Path.of(h, "bin/java")).ifPresent(candidates::add);
            Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(folder -> Path.of(folder, "java"))
                    .forEach(candidates::add);
            return candidates.stream()
                    .filter(Files::isExecutable)
                    .map(OlderJava::of)
                    .filter(java -> Double.parseDouble(java.version().replaceAll("[^0-9].*", "")) < 25)
                    .findFirst();
        }

        private static OlderJava of(Path program) {
            String told = CommandResult.run(Path.of("."), Map.of(), "",
                    List.of(program.toString(), "-XshowSettings:properties", "-version")).err();
            Map<String, String> properties = new HashMap<>();
            PROPERTY.matcher(told).results().forEach(p -> properties.put(p.group(1), p.group(2)));
            return new OlderJava(program, properties.getOrDefault("java.version", ""),
                    properties.getOrDefault("java.home", ""));
        }
    }

    @Test
    void localStaysUntilItIsToldToStopAndThenStopsTheRelayInOrder() throws Exception {
        Path manifests = Files.createDirectory(directory.resolve("manifests"));
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Files.writeString(manifests.resolve("server.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, security: None}
                """);
        Process local = start(out, err, "local", "--listen", "0", "--state", directory.resolve("state").toString(),
                manifests.toString());
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(out).contains("True") && Files.readString(out).contains("Ctrl-C"));
            Files.writeString(manifests.resolve("server.yaml"), "kind: [");
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.readString(out).contains("not YAML"));
            local.destroy();
            assertThat(local.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            local.destroyForcibly();
        }
        assertThat(Files.readString(out)).contains("NotTested")
                .contains("Applications send through localhost:")
                .contains("server.yaml:2: not YAML: ");
        assertThat(Files.readString(err)).endsWith("Relay - stopped with 0 messages queued\n");
    }

    @Test
    void aRelayThatWaitsForItsDatabaseEndsWhenItIsToldTo() throws Exception {
        Path err = directory.resolve("err");
        Process relay = start(directory.resolve("out"), err, "relay", "--namespace=mail", "--bind=127.0.0.1",
                "--admin-port=0", "--data=" + directory,
                "--config-text={queue: {url: 'postgresql://127.0.0.1:1/queue'}}");
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(err).contains("the relay waits for its queue: database 127.0.0.1:1"));
            relay.destroy();
            assertThat(relay.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            relay.destroyForcibly();
        }
    }

    @Test
    void aPortThatIsTakenIsSaidWithTheWayOut() throws Exception {
        try (Sink taken = Sink.open(
                Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {})) {
            Run run = postrider("local", "--listen", Integer.toString(taken.port()), "--state",
                    directory.resolve("state").toString(), "examples/quickstart");

            assertThat(run.err()).endsWith(taken.port()
                    + ": Address already in use; name another port with --listen, or 0 for any\n");
            assertThat(run.exit()).isEqualTo(1);
        }
    }

    private static Path only(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.collect(MoreCollectors.onlyElement());
        }
    }

    private static void send(int port) throws MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", "127.0.0.1");
        properties.put("mail.smtp.port", Integer.toString(port));
        properties.put("mail.smtp.from", "bounces@example.com");
        MimeMessage message = new MimeMessage(Session.getInstance(properties));
        message.setFrom("Anna <anna@example.com>");
        message.setSubject("Grüße", "UTF-8");
        message.setText("Hello\r\n");
        Transport.send(message, InternetAddress.parse("bob@example.net"));
    }

    @Test
    void theVersionIsThatOfTheBuild() throws Exception {
        assertThat(postrider("--version").out()).matches("postrider [0-9]+\\.[0-9]+.*\\n");
    }

    private static Optional<Sink> take(int port) {
        try {
            return Optional.of(Sink.open(
                    Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)), _ -> {}));
        } catch (IOException alreadyTaken) {
            return Optional.empty();
        }
    }

    private Run postrider(String... arguments) throws IOException, InterruptedException {
        Path out = directory.resolve("stdout");
        Path err = directory.resolve("stderr");
        Process process = start(out, err, arguments);
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s ends", List.of(arguments)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static Process start(Path out, Path err, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        process.getOutputStream().close();
        return process;
    }
}
