package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.testing.AccountServer;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.MountedBinding;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Everybody's own login, from the resources to the server. */
@UsesApiServer
@Tag("upstreams")
final class SubmittersEndToEndIT {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String ALICES = "geheim-4711-alice";
    private static final String TESTERS = "geheim-4711-tester";
    private static final String RESOURCES = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own, namespace: $TENANT}
            spec:
              smtp:
                host: localhost
                port: $PORT
                tls: {caConfigMapRef: {name: authorities}}
                authentication: {submitter: {$TEST}}
              sender: {address: tester@postfix.test}
              test: {recipient: all@postfix.test}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: orders, namespace: $TENANT}
            spec:
              servers: [{name: own}]
              identity: {from: {address: no-reply@postfix.test}, allowedSenders: ["@postfix.test"]}
            """;

    @TempDir
    Path directory;

    @Test
    void whoeverHasAnAccountSendsWithIt(ApiServer api, TestReporter reporter) throws Exception {
        try (AccountServer server = AccountServer.start(CA.server("localhost"),
                Map.of("alice", ALICES, "tester", TESTERS));
                var installation = new RunningInstallation(api, directory, "globalServerPolicy: Optional\n")) {
            RunningOperator operator = installation.operator();
            operator.kubectl("create", "configmap", "authorities", "-n", "$TENANT",
                    "--from-literal=ca.crt=" + CA.pem());
            operator.kubectl("label", "configmap", "authorities", "-n", "$TENANT",
                    "postrider.dev/certificate-authorities=true");
            String resources = RESOURCES.replace("$PORT", "" + server.port());

            operator.apply(resources.replace("$TEST", ""));
            operator.startRelay();
            installation.awaitServer(operator.tenant(), "own", "Ready", Condition.Status.True, "LoginNotTested");
            reporter.publishEntry("without a login for tests",
                    operator.kubectl("describe", "ms", "own", "-n", "$TENANT"));
            assertThat(server.mails()).isEmpty();

            operator.kubectl("create", "secret", "generic", "tester", "-n", "$TENANT", "--from-literal=username=tester",
                    "--from-literal=password=wrong-4711");
            operator.kubectl("label", "secret", "tester", "-n", "$TENANT", "postrider.dev/credentials=true");
            operator.apply(resources.replace("$TEST", "testSecretRef: {name: tester}"));
            installation.awaitServer(operator.tenant(), "own", "Ready", Condition.Status.False, "Authentication");
            reporter.publishEntry("with a wrong login for tests",
                    operator.kubectl("describe", "ms", "own", "-n", "$TENANT"));
            operator.kubectl("patch", "secret", "tester", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"stringData\":{\"password\":\"" + TESTERS + "\"}}");
            installation.awaitServer(operator.tenant(), "own", "Ready", Condition.Status.True, "Accepted");
            await().untilAsserted(() -> assertThat(server.mails()).singleElement()
                    .satisfies(mail -> assertThat(mail.user()).isEqualTo("tester")));

            installation.awaitOrganization(operator.tenant(), "orders", "Ready", Condition.Status.True, "MailWorks");
            String prefix = new String(Base64.getDecoder()
                    .decode(operator.client()
                            .secrets()
                            .inNamespace(operator.tenant())
                            .withName("orders-mail")
                            .require()
                            .getData()
                            .get("submitter-prefix")),
                    StandardCharsets.US_ASCII);
            assertThat(prefix).isEqualTo("orders." + operator.tenant() + "/");
            MountedBinding binding = installation.binding(operator.tenant(), "orders-mail");
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                try (Dialogue session = session(installation, binding)) {
                    assertThat(session.login(prefix + "alice", ALICES)).startsWith("235");
                    assertThat(session.mail("alice@postfix.test", "all@postfix.test",
                            "From: alice@postfix.test\r\nSubject: of alice\r\n\r\n")).startsWith("250");
                    assertThat(session.say("MAIL FROM:<alice@bank.example>")).startsWith(
                            "550 5.7.1 the envelope sender must not be <alice@bank.example>; send as <no-reply@");
                }
            });
            await().untilAsserted(() -> assertThat(server.mails()).as(server::log)
                    .anySatisfy(mail -> assertThat(mail.user() + mail.content()).startsWith("alice")
                            .contains("Subject: of alice")));
            try (Dialogue session = session(installation, binding)) {
                assertThat(session.login(prefix + "alice", "wrong-4711")).startsWith("535 5.7.8");
                assertThat(session.login(binding.user(), binding.password())).startsWith("235");
                assertThat(session.say("MAIL FROM:<a@postfix.test>")).startsWith("550 5.7.1")
                        .contains("log in as " + prefix + "USER");
            }
            String told = operator.kubectl("describe", "ms,oms", "-n", "$TENANT")
                    + operator.kubectl("get", "events", "-A", "-o", "yaml") + installation.metrics();
            assertThat(told).doesNotContain(ALICES, TESTERS, "wrong-4711");
        }
    }

    private static Dialogue session(RunningInstallation installation, MountedBinding binding) throws Exception {
        Dialogue session = Dialogue.connect(installation.relay().submissionPort());
        session.patience(Duration.ofSeconds(40));
        session.say("EHLO application.test");
        session.say("STARTTLS");
        session.encrypt(TestRoutes.trusting(binding.caCertificate()));
        session.say("EHLO application.test");
        return session;
    }
}
