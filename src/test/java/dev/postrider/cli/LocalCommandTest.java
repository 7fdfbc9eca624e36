package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.ClassPathJar;
import dev.postrider.relay.sink.Sink;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code postrider local} prints and does, with a sink as the mail server. */
@Tag("promises")
final class LocalCommandTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private Path manifests;
    private Sink sink;

    @BeforeEach
    void openSink() throws IOException {
        manifests = Files.createDirectory(directory.resolve("manifests"));
        sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {});
        server("company", sink.port());
    }

    @AfterEach
    void closeSink() {
        sink.close();
    }

    private void server(String name, int port) throws IOException {
        Files.writeString(manifests.resolve(name + ".yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: %s, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None, replyTimeout: 60s}
                  test: {recipient: test@acme.example}
                """.formatted(name, port));
    }

    private int run(String... arguments) {
        return Postrider.commandLine().setOut(new PrintWriter(out, true)).execute(arguments);
    }

    @Test
    void eachStatusIsPrintedAsItComesWhileASlowServerIsTested() throws Exception {
        try (var slow = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            server("slow", slow.getLocalPort());
            var exit = CompletableFuture.supplyAsync(
                    () -> run("local", "--once", "--state", directory.resolve("state").toString(),
                            manifests.toString()),
                    Thread::startVirtualThread);
            try (var connection = slow.accept()) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(out.toString().lines()).contains(
                                "MailServer postrider-system/slow: InProgress: a test mail to test@acme.example is on "
                                        + "its way")
                                .anyMatch(line -> line.startsWith("MailServer postrider-system/company: Accepted: ")));
                assertThat(connection.isClosed()).isFalse();
                assertThat(out.toString()).doesNotContain("READY");
                assertThat(exit).isNotDone();
            }
            assertThat(exit.get()).isEqualTo(1);
            assertThat(out.toString()).containsPattern("(?m)^MailServer postrider-system/slow: Connection: ")
                    .containsPattern("(?m)^postrider-system +slow .* False +Connection ");
        }
    }

    @Test
    void aStateElsewhereIsFoundAndMailToSupportGoesToTheAddressOfTheInstallation() throws Exception {
        Files.writeString(manifests.resolve("organization.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme}
                spec:
                  identity: {from: {address: no-reply@acme.example}}
                """);
        Path state = directory.resolve("state");
        Path log = directory.resolve("log");
        Process local = start(log, "local", "--listen", "0", "--state", state.toString(), "--support-address",
                "help@company.example", manifests.toString());
        try {
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(log).content().contains("MailWorks"));
            Path listed = directory.resolve("listed");
            assertThat(start(listed, "queue", "list", "--local", manifests.toString()).waitFor()).isZero();
            assertThat(listed).hasContent("No messages.");

            assertThat(run("send", "--binding", state.resolve("bindings/acme/acme-mail").toString(), "--to",
                    "support@postrider.internal")).as(out::toString).isZero();
            assertThat(sink.await(2, PATIENCE).getLast().submission().mailboxes())
                    .containsExactly("help@company.example");
        } finally {
            local.destroy();
            local.waitFor();
        }
    }

    /** A process with a home of its own. */
    private Process start(Path out, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", ClassPathJar.classPath(),
                Postrider.class.getName()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        builder.environment().put("XDG_STATE_HOME", directory.resolve("home").toString());
        return builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    }
}
