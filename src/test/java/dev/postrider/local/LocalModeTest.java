package dev.postrider.local;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.sink.Sink;
import dev.postrider.plan.Installation.SupportSettings;
import dev.postrider.testing.GraphStandIn;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.GraphEndpoints;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A directory as the cluster, with a sink as the mail server. */
final class LocalModeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final String OWN_SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own, namespace: acme}
            spec:
              smtp: {host: 127.0.0.1, port: %d, security: None}
              test: {recipient: test@acme.example}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: acme}
            spec:
              servers: [{name: own}]
              identity: {from: {address: no-reply@acme.example}}
            """;

    private final List<Check.Report> reports = new CopyOnWriteArrayList<>();

    @TempDir
    Path directory;

    @TempDir
    Path state;

    private Sink sink;

    @BeforeEach
    void openSink() throws IOException {
        sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {});
    }

    @AfterEach
    void closeSink() {
        sink.close();
    }

    @Test
    void everythingIsReadyOnceTheServerTookATestMail() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");

        try (LocalMode local = start(false)) {
            Snapshot snapshot = local.awaitSettled(PATIENCE);

            assertThat(snapshot.isReady()).isTrue();
            assertThat(snapshot.servers()).singleElement()
                    .satisfies(server -> assertThat(message(server.ready()))
                            .startsWith("True Accepted Email server accepted mail for delivery: 250 "));
            assertThat(snapshot.organizations()).singleElement()
                    .satisfies(organization -> assertThat(message(organization.ready()))
                            .isEqualTo("True MailWorks mail can be sent with the login in Secret \"acme-mail\""));
            assertThat(sink.await(1, PATIENCE)).singleElement()
                    .satisfies(mail -> assertThat(mail.submission().mailboxes()).containsExactly("test@acme.example"));
        }
    }

    @Test
    void theBindingIsADirectoryThatOnlyItsOwnerReadsAndItsPasswordStays() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");
        Path binding = state.resolve("bindings/acme/acme-mail");

        String first;
        try (LocalMode local = start(false)) {
            local.awaitSettled(PATIENCE);
            first = Files.readString(binding.resolve("password"));
            assertThat(first).hasSize(43);
            assertThat(Files.readString(binding.resolve("username"))).isEqualTo("acme.acme");
            assertThat(Files.readString(binding.resolve("port"))).isEqualTo(Integer.toString(local.port()));
            assertThat(Files.readString(binding.resolve("ca.crt"))).startsWith("-----BEGIN CERTIFICATE-----");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(binding.resolve("password"))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(binding))).isEqualTo("rwx------");

        String authority = Files.readString(state.resolve("relay/ca.crt"));
        try (LocalMode local = start(false)) {
            local.awaitSettled(PATIENCE);
            assertThat(Files.readString(binding.resolve("password"))).isEqualTo(first);
            assertThat(Files.readString(state.resolve("relay/ca.crt"))).isEqualTo(authority);
        }
    }

    @Test
    void aServerThatCannotBeReachedIsNotReadyAndSaysWhichStepFailed() throws Exception {
        int closed = sink.port();
        sink.close();
        server(closed);
        organization("no-reply@acme.example");

        try (LocalMode local = start(false)) {
            Snapshot snapshot = local.awaitSettled(PATIENCE);

            assertThat(snapshot.isReady()).isFalse();
            assertThat(snapshot.servers()).singleElement()
                    .satisfies(server -> assertThat(message(server.ready())).startsWith("False Connection ")
                            .contains("127.0.0.1:" + closed));
            assertThat(snapshot.organizations()).singleElement()
                    .satisfies(organization -> assertThat(message(organization.ready())).startsWith("False "));
        }
    }

    @Test
    void aChangedFileTakesEffect() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");

        try (LocalMode local = start(true)) {
            local.awaitSettled(PATIENCE);
            organization("office@acme.example");

            Path from = state.resolve("bindings/acme/acme-mail/from");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(from).hasContent("office@acme.example"));
            assertThat(local.snapshot().organizations()).singleElement()
                    .satisfies(organization -> assertThat(organization.status()).isNotNull()
                            .satisfies(status -> assertThat(status.observedGeneration()).isEqualTo(2)));
            assertThat(sink.mails()).as("nothing that matters to the server changed").hasSize(1);
        }
    }

    @Test
    void aFileWithAnErrorLeavesWhatItDeclaredBefore() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");

        try (LocalMode local = start(true)) {
            local.awaitSettled(PATIENCE);
            Files.writeString(directory.resolve("organization.yaml"), "kind: [");

            await().atMost(PATIENCE).until(() -> reports.getLast().errors() > 0);
            assertThat(local.snapshot().isReady()).isTrue();
            assertThat(local.snapshot().organizations()).hasSize(1);
            assertThat(state.resolve("bindings/acme/acme-mail/password")).exists();
        }
    }

    @Test
    @Tag("delivery-world")
    void theChartsValuesSayWhatRepliesMeanAndMayChange() throws Exception {
        String rules = """
                relay:
                  replyRules:
                    - {codes: [99], class: Other, action: Bounce}
                    - {text: out to lunch, class: Temporary, action: Retry, advice: %s}
                """;
        Path values = Files.writeString(Files.createDirectory(directory.resolveSibling(
                directory.getFileName() + "-chart")).resolve("values.yaml"), rules.formatted("call the canteen"));
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start().on("MESSAGE", "554 5.7.1 out to lunch")) {
            server(upstream.port());
            try (LocalMode local = start(new LocalMode.Options(directory, state, 0, true,
                    Set.of(Check.SYSTEM_NAMESPACE), true, GraphEndpoints.MICROSOFT, OptionalInt.empty(),
                    SupportSettings.OWN, List.of(values)))) {
                assertThat(reports.getLast().findings()).map(Finding::field)
                        .containsExactly("relay.replyRules[0].codes");
                assertThat(message(local.awaitSettled(PATIENCE).servers().getFirst().ready()))
                        .contains("out to lunch; call the canteen (Temporary)");

                int before = reports.size();
                Files.writeString(values, rules.formatted("eat at your desk"));
                await().atMost(PATIENCE).until(() -> reports.size() > before);
                Files.writeString(directory.resolve("server.yaml"),
                        Files.readString(directory.resolve("server.yaml")).replace("127.0.0.1", "localhost"));
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(message(local.snapshot().servers().getFirst().ready()))
                                .contains("out to lunch; eat at your desk (Temporary)"));
            }
        }
    }

    @ParameterizedTest
    @Tag("delivery-world")
    @CsvSource(delimiterString = "->", textBlock = """
            RestServer, restFor: 1h -> acme/own TakesMail False Rests
            HoldOrganization        -> acme/acme MailTaken False Held
            """)
    void theStatusTellsOfMailThatRests(String action, String told) throws Exception {
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start()) {
            Files.writeString(directory.resolve("own.yaml"), OWN_SERVER.formatted(upstream.port())
                    .replace("  test:", "  replyRules: [{codes: [550], class: AccountSuspended, action: %s}]%n  test:"
                            .formatted(action)));
            try (LocalMode local = start(false, false)) {
                local.awaitSettled(PATIENCE);
                assertThat(rests(local.snapshot())).isEmpty();
                upstream.on("MAIL", "550 5.1.8 Access denied, bad outbound sender");
                send(local, "acme", "acme-mail");

                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(rests(local.snapshot())).containsExactly(told));
            }
        }
    }

    private static List<String> rests(Snapshot snapshot) {
        return Stream.concat(
                snapshot.servers()
                        .stream()
                        .map(server -> Map.entry(server.key(),
                                requireNonNull(requireNonNull(server.status()).conditions()))),
                snapshot.organizations()
                        .stream()
                        .map(organization -> Map.entry(organization.key(),
                                requireNonNull(requireNonNull(organization.status()).conditions()))))
                .flatMap(resource -> resource.getValue()
                        .stream()
                        .filter(condition -> Set.of("TakesMail", "MailTaken").contains(condition.type()))
                        .map(condition -> "%s %s %s %s".formatted(resource.getKey(), condition.type(),
                                condition.status(), condition.reason())))
                .toList();
    }

    private void send(LocalMode local, String namespace, String secret) throws Exception {
        Path binding = local.bindings().resolve(namespace).resolve(secret);
        try (Dialogue session = Dialogue.connect(local.port())) {
            session.say("EHLO application.test");
            session.say("STARTTLS");
            session.encrypt(TestRoutes.trusting(Files.readString(binding.resolve("ca.crt"))));
            session.say("EHLO application.test");
            assertThat(session.login(Files.readString(binding.resolve("username")),
                    Files.readString(binding.resolve("password")))).startsWith("235");
            assertThat(session.mail("no-reply@acme.example", "x@y.example", "From: no-reply@acme.example\r\n\r\nhello"))
                    .startsWith("250");
        }
    }

    @Test
    void aFileThatIsGoneTakesItsResourcesAndTheirBindingWithIt() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");

        try (LocalMode local = start(true)) {
            local.awaitSettled(PATIENCE);
            Files.delete(directory.resolve("organization.yaml"));

            Path binding = state.resolve("bindings/acme/acme-mail");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(binding).doesNotExist());
            assertThat(local.snapshot().organizations()).isEmpty();
        }
    }

    @Test
    void aSecretOfTheBindingsNameIsNotOverwritten() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");
        Files.writeString(directory.resolve("secret.yaml"), """
                apiVersion: v1
                kind: Secret
                metadata: {name: acme-mail, namespace: acme}
                stringData: {password: mine}
                """);

        try (LocalMode local = start(false)) {
            Snapshot snapshot = local.awaitSettled(PATIENCE);

            assertThat(snapshot.organizations()).singleElement()
                    .satisfies(
                            organization -> assertThat(message(organization.ready())).startsWith("False SecretExists"));
            assertThat(state.resolve("bindings/acme/acme-mail")).doesNotExist();
        }
    }

    private static String message(java.util.Optional<Condition> condition) {
        return condition.map(c -> c.status() + " " + c.reason() + " " + c.message()).orElse("");
    }

    @ParameterizedTest(name = "a global server is required: {0}")
    @CsvSource({"true, False NoActiveGlobalServer", "false, True MailWorks"})
    void anOwnServerAloneSufficesWhereTheInstallationSaysSo(boolean required, String ready) throws Exception {
        Files.writeString(directory.resolve("own.yaml"), OWN_SERVER.formatted(sink.port()));

        try (LocalMode local = start(false, required)) {
            assertThat(local.awaitSettled(PATIENCE).organizations()).singleElement()
                    .satisfies(organization -> assertThat(message(organization.ready())).startsWith(ready));
        }
    }

    @Test
    void aBindingThatTwoOrganizationsNameIsTheFirstOnesAlone() throws Exception {
        server(sink.port());
        organization("no-reply@acme.example");
        Files.writeString(directory.resolve("other.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: other, namespace: acme}
                spec:
                  identity: {from: {address: no-reply@other.example}}
                  binding: {secretName: acme-mail}
                """);

        try (LocalMode local = start(false)) {
            assertThat(local.awaitSettled(PATIENCE).organizations()).extracting(o -> message(o.ready()))
                    .satisfiesExactly(first -> assertThat(first).startsWith("True MailWorks"),
                            second -> assertThat(second).isEqualTo("False SecretExists spec.binding.secretName: Secret "
                                    + "\"acme-mail\" is the binding of organization acme/acme; name another one"));
            assertThat(state.resolve("bindings/acme/acme-mail/from")).hasContent("no-reply@acme.example");
        }
    }

    @Test
    @Tag("upstreams")
    void mailGoesThroughMicrosoftGraphAsItsAdministratorDeclaredIt() throws Exception {
        try (var graph = new GraphStandIn()) {
            Files.writeString(directory.resolve("server.yaml"), """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: client
                      namespace: acme
                      labels: {postrider.dev/credentials: "true"}
                      annotations: {postrider.dev/hosts: login.microsoftonline.com}
                    stringData: {client-id: %s, client-secret: %s}
                    ---
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: graph, namespace: acme}
                    spec:
                      microsoftGraph: {tenantId: %s, mailbox: %s, secretRef: {name: client}}
                      test: {recipient: test@acme.example}
                    """.formatted(GraphStandIn.CLIENT_ID, GraphStandIn.CLIENT_SECRET, GraphStandIn.TENANT,
                    GraphStandIn.MAILBOX));
            graph.fail(new GraphStandIn.Fault("/sendMail", 403, "ErrorAccessDenied"));

            try (LocalMode local = start(false, false, graph.uri())) {
                assertThat(local.awaitSettled(PATIENCE).servers()).singleElement()
                        .satisfies(server -> assertThat(message(server.ready()))
                                .startsWith("False Authentication Authentication: the application may not use mailbox")
                                .contains("grant it the application permission Mail.Send"));
            }
            try (LocalMode local = start(false, false, graph.uri())) {
                assertThat(local.awaitSettled(PATIENCE).servers()).singleElement()
                        .satisfies(server -> assertThat(message(server.ready()))
                                .startsWith("True Accepted Email server accepted mail for delivery: 202 Accepted"));
            }
            assertThat(graph.sent()).singleElement()
                    .satisfies(sent -> assertThat(sent.recipients()).containsExactly("test@acme.example"));
        }
    }

    private LocalMode start(boolean watch) throws IOException {
        return start(watch, true);
    }

    private LocalMode start(boolean watch, boolean globalServerRequired) throws IOException {
        return start(watch, globalServerRequired, GraphEndpoints.MICROSOFT);
    }

    private LocalMode start(boolean watch, boolean globalServerRequired, URI graph) throws IOException {
        return start(watch, globalServerRequired, new GraphEndpoints(Optional.of(graph), Optional.of(graph)));
    }

    private LocalMode start(boolean watch, boolean globalServerRequired, GraphEndpoints graph) throws IOException {
        return start(new LocalMode.Options(directory, state, 0, watch, Set.of(Check.SYSTEM_NAMESPACE),
                globalServerRequired, graph));
    }

    private LocalMode start(LocalMode.Options options) throws IOException {
        return new LocalMode(options,
                new LocalMode.Observer() {
                    @Override
                    public void checked(Check.Report report) {
                        reports.add(report);
                    }

                    @Override
                    public void changed(Snapshot snapshot) {}
                }, InstantSource.system());
    }

    private void server(int port) throws IOException {
        Files.writeString(directory.resolve("server.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  test: {recipient: test@acme.example}
                """.formatted(port));
    }

    private void organization(String from) throws IOException {
        Files.writeString(directory.resolve("organization.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme}
                spec:
                  identity: {from: {address: %s}}
                """.formatted(from));
    }
}
