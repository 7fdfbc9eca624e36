package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people read when a server cannot be sent through, and what they must never read. */
@UsesApiServer
@Tag("upstreams")
final class FailingTestSendsEndToEndIT {
    private static final TestCertificates CA = new TestCertificates("Trusted CA");
    private static final TestCertificates OTHER_CA = new TestCertificates("Somebody's CA");
    private static final String PASSWORD = "correct-horse";
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: $NAME, namespace: $TENANT}
            spec:
              smtp:
                host: $HOST
                port: $PORT
                $SECURITY
                connectTimeout: $TIMEOUT
                authentication: {password: {secretRef: {name: $NAME-login}}}
              sender: {address: postmaster@acme.example}
              test: {recipient: check@acme.example}
            """;

    private static final ByteArrayOutputStream LOG = new ByteArrayOutputStream();
    private static PrintStream standardError;
    private static RunningOperator operator;

    /** The log goes to standard error; it still does, and is kept. */
    private static final class Copied extends OutputStream {
        @Override
        public void write(int octet) {
            standardError.write(octet);
            LOG.write(octet);
        }

        @Override
        public void write(byte[] octets, int offset, int length) {
            standardError.write(octets, offset, length);
            LOG.write(octets, offset, length);
        }
    }

    @BeforeAll
    static void start(ApiServer api) throws IOException {
        standardError = System.err;
        System.setErr(new PrintStream(new Copied(), true, StandardCharsets.UTF_8));
        operator = new RunningOperator(api, "");
        operator.kubectl("create", "secret", "generic", "ca", "-n", "$TENANT", "--from-literal=ca.crt=" + CA.pem());
        operator.kubectl("label", "secret", "ca", "-n", "$TENANT", "postrider.dev/credentials=true");
    }

    @AfterAll
    static void stop() {
        operator.close();
        System.setErr(standardError);
    }

    // @formatter:off
    @ParameterizedTest(name = "{0}: {3}")
    @CsvSource(delimiter = '|', textBlock = """
        wrong-password    | 127.0.0.1            | None     | Authentication    | 535 5.7.8 authentication failed; user name or password is wrong | S: 535 5.7.8
        nobody-listens    | 127.0.0.1            | None     | Connection        | check spec.smtp.host and spec.smtp.port, that the server runs              | Connection refused
        no-such-host      | no-such-host.invalid | None     | NameResolution    | has no address; check spec.smtp.host, or the DNS of the cluster            | no-such-host.invalid
        no-starttls       | 127.0.0.1            | StartTLS | Tls               | enable it at the server, or use security TLS                               | C: EHLO postrider-relay.
        other-authority   | 127.0.0.1            | StartTLS | Certificate       | name the authority that issued it in spec.smtp.tls.caSecretRef              | C: STARTTLS
        other-name        | 127.0.0.1            | StartTLS | Certificate       | use a host that the certificate names                                      | C: STARTTLS
        sender-refused    | 127.0.0.1            | None     | SenderRejected    | check that this login may send as that address                             | S: 553 5.7.1
        recipient-refused | 127.0.0.1            | None     | RecipientRejected | check the address, and that this server delivers or relays to it           | S: 550 5.1.1
        message-refused   | 127.0.0.1            | None     | MessageRejected   | change what it objects to                                                  | S: 554 5.7.1
        hangs             | 127.0.0.1            | None     | Timeout           | did not greet within                                                       | connected to 127.0.0.1
        """)
    // @formatter:on
    void aFailureSaysWhichStepAndWhatToDo(String name, String host, String security, String reason, String whatToDo,
            String dialogue, TestReporter reporter) throws Exception {
        String password = name.equals("wrong-password") ? "tyop-of-it" : PASSWORD;
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start().login("relay", PASSWORD, "PLAIN")) {
            play(name, upstream);
            operator.credentials(operator.tenant(), name + "-login", "relay", password);
            operator.apply(server(name, host, upstream.port(), security, "1s"));

            Condition tested = awaitServer(name, Condition.Status.False, reason);

            assertThat(tested.message()).startsWith(reason + ": ").contains(whatToDo, "Tried again at 20");
            assertThat(operator.serverCondition(operator.tenant(), name, "Ready").orElseThrow().message())
                    .isEqualTo(tested.message());
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", "$TENANT",
                    "--field-selector=reason=TestSendFailed,involvedObject.name=" + name, "-o",
                    "jsonpath={.items[*].message}"))
                    .startsWith(reason + ": ")
                    .doesNotContain(reason + ": " + reason)
                    .contains(dialogue));
            reporter.publishEntry(name, operator.kubectl("describe", "ms", name, "-n", "$TENANT"));
            assertNowhere(password);
        }
    }

    private static void play(String name, ScriptedSmtpServer upstream) {
        switch (name) {
            case "nobody-listens" -> upstream.close();
            case "other-authority" -> upstream.startTls(OTHER_CA.server("127.0.0.1"));
            case "other-name" -> upstream.startTls(CA.server("mail.acme.example"));
            case "sender-refused" -> upstream.on("MAIL", "553 5.7.1 not yours");
            case "recipient-refused" -> upstream.on("RCPT", "550 5.1.1 no such user here");
            case "message-refused" -> upstream.on("MESSAGE", "554 5.7.1 looks like spam");
            case "hangs" -> upstream.on("CONNECT", ScriptedSmtpServer.HANG);
            default -> {
                // It does what a server does.
            }
        }
    }

    private static String server(String name, String host, int port, String security, String timeout) {
        return SERVER.replace("$NAME", name)
                .replace("$HOST", host)
                .replace("$PORT", "" + port)
                .replace("$SECURITY", "security: " + security
                        + (security.equals("None") ? "" : "\n    tls: {caSecretRef: {name: ca}}"))
                .replace("$TIMEOUT", timeout);
    }

    private static Condition awaitServer(String name, Condition.Status status, String reason) {
        return await().until(() -> operator.serverCondition(operator.tenant(), name, "TestSendSucceeded"),
                found -> found.filter(c -> c.status() == status && c.reason().equals(reason)).isPresent())
                .orElseThrow();
    }

    private static void assertNowhere(String password) throws Exception {
        String inPlain = Base64.getEncoder().encodeToString(("\0relay\0" + password).getBytes(StandardCharsets.UTF_8));
        String alone = Base64.getEncoder().encodeToString(password.getBytes(StandardCharsets.UTF_8));
        Map.of("resources and events", operator.kubectl("get", "ms,events", "-n", "$TENANT", "-o", "yaml"), "metrics",
                metrics(), "log", LOG.toString(StandardCharsets.UTF_8))
                .forEach((where, text) -> assertThat(text).as(where)
                        .isNotEmpty()
                        .doesNotContain(password, inPlain, alone));
    }

    private static String metrics() throws Exception {
        return operator.get("/metrics");
    }

    /** The relay would judge mail by the same rules, and the settings may change while the operator runs. */
    @Test
    @Tag("delivery-world")
    void aReplyIsJudgedByTheRulesOfTheServerThenOfTheInstallation(ApiServer api) throws Exception {
        RunningOperator.writeSettings(api, operator.namespace(), """
                relay:
                  replyRules:
                    - {codes: [99], class: Other, action: Bounce}
                    - {text: out to lunch, class: Temporary, action: Retry, advice: call the canteen}
                """);
        await().untilAsserted(() -> assertThat(metrics()).contains("postrider_operator_reply_rules_invalid 1.0"));
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start()
                .login("relay", PASSWORD, "PLAIN")
                .on("MESSAGE", "554 5.7.1 out to lunch")) {
            operator.credentials(operator.tenant(), "canteen-login", "relay", PASSWORD);
            operator.apply(server("canteen", "127.0.0.1", upstream.port(), "None", "1s"));
            assertThat(awaitServer("canteen", Condition.Status.False, "MessageRejected").message())
                    .contains("refused the message: 554 5.7.1 out to lunch; call the canteen (Temporary)");

            operator.apply(server("canteen", "127.0.0.1", upstream.port(), "None", "2s") + """
                      replyRules:
                        - {text: out to lunch, class: PolicyRejected, action: Bounce, advice: eat at your desk}
                    """);
            await().untilAsserted(() -> assertThat(
                    awaitServer("canteen", Condition.Status.False, "MessageRejected").message())
                    .contains("refused the message: 554 5.7.1 out to lunch; eat at your desk (PolicyRejected)"));
            assertThat(LOG.toString(StandardCharsets.UTF_8))
                    .contains("failed at MessageRejected class=Temporary", "failed at MessageRejected "
                            + "class=PolicyRejected");
        }
    }

    @Test
    void hangingServersHoldUpNobodyInAnotherNamespace() throws Exception {
        try (ScriptedSmtpServer hanging = ScriptedSmtpServer.start().on("CONNECT", ScriptedSmtpServer.HANG);
                ScriptedSmtpServer good = ScriptedSmtpServer.start().login("relay", PASSWORD, "PLAIN")) {
            StringBuilder many = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                String name = "stuck-" + i;
                operator.credentials(operator.tenant(), name + "-login", "relay", PASSWORD);
                many.append(server(name, "127.0.0.1", hanging.port(), "None", "5m")).append("---\n");
            }
            operator.apply(many.toString());
            // So many of a namespace are tested at a time.
            await().until(() -> hanging.connections() == 16);

            operator.credentials(operator.namespace(), "fine-login", "relay", PASSWORD);
            operator.apply(server("fine", "127.0.0.1", good.port(), "None", "5m").replace("$TENANT", "$OPERATOR"));

            await().until(() -> operator.serverCondition(operator.namespace(), "fine", "TestSendSucceeded")
                    .filter(tested -> tested.status() == Condition.Status.True)
                    .isPresent());
            awaitServer("stuck-0", Condition.Status.Unknown, "InProgress");
            awaitServer("stuck-19", Condition.Status.Unknown, "InProgress");
        }
    }
}
