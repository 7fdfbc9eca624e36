package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.sink.Sink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, as a person or a pipeline runs it. */
final class QuickstartIT {
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
        for (String file : List.of("mail-server.yaml")) {
            Files.writeString(directory.resolve(file), """
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
        }
        Run run = postrider("quickstart", directory.toString());

        assertThat(run.out()).contains("✗ postrider-system/company: NameResolution").contains("Not everything works");
        assertThat(run.exit()).isEqualTo(1);
    }

    @Test
    void checkPrintsNothingButItsFindings() throws Exception {
        Run run = postrider("check", "examples/quickstart");

        assertThat(run).isEqualTo(new Run(0, "5 resources in 4 files: no problems; 3 documents of other kinds passed "
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
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("postrider", ".out");
        Path err = Files.createTempFile("postrider", ".err");
        try {
            Process process = new ProcessBuilder(command).redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            try {
                assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s ends", command).isTrue();
            } finally {
                process.destroyForcibly();
            }
            return new Run(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }
}
