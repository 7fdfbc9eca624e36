package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.route.CertificateBundle;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates.Request;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** What a person reads and does about a server's certificate, against a real API server. */
@Tag("upstreams")
@UsesApiServer
final class ConnectionSecurityEndToEndIT {
    private static final TestCertificates CA = new TestCertificates("Acme CA");
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own, namespace: $TENANT}
            spec:
              smtp:
                host: localhost
                port: $PORT
                security: $SECURITY
                tls: $TLS
              test: {recipient: postmaster@example.com}
            """;

    @TempDir
    Path directory;

    private RunningOperator operator;
    private ScriptedSmtpServer upstream;

    @BeforeEach
    void start(ApiServer api) throws IOException {
        operator = new RunningOperator(api, "");
        upstream = ScriptedSmtpServer.start();
    }

    @AfterEach
    void stop() {
        upstream.close();
        operator.close();
    }

    private void declare(String security, String tls) {
        operator.apply(
                SERVER.replace("$PORT", "" + upstream.port()).replace("$SECURITY", security).replace("$TLS", tls));
    }

    private Condition awaitServer(String type, Condition.Status status, String reason) {
        return await().until(() -> operator.serverCondition(operator.tenant(), "own", type),
                found -> found.filter(c -> c.status() == status && c.reason().equals(reason)).isPresent())
                .orElseThrow();
    }

    private String events(String reason) {
        return operator.kubectl("get", "events", "-n", "$TENANT", "--field-selector=reason=" + reason, "-o",
                "jsonpath={.items[*].message}");
    }

    @Test
    void aFailedCheckTellsTheFingerprintThatCanBePinned(TestReporter reporter) {
        upstream.startTls(TestCertificates.selfSigned(Request.of("localhost")));
        declare("StartTLS", "{}");
        Condition refused = awaitServer("Ready", Condition.Status.False, "Certificate");
        assertThat(refused.message()).contains("check of chain failed: it is signed by itself",
                "subject \"CN=localhost\"", "spec.smtp.tls.pinnedCertificates");
        reporter.publishEntry("refused", operator.kubectl("describe", "ms", "own", "-n", "$TENANT"));

        Matcher fingerprint = Pattern.compile("SHA-256 ([0-9A-F:]{95})").matcher(refused.message());
        assertThat(fingerprint.find()).isTrue();
        declare("StartTLS", "{pinnedCertificates: [\"" + fingerprint.group(1) + "\"]}");

        awaitServer("Ready", Condition.Status.True, "Accepted");
    }

    @Test
    void whatIsSwitchedOffIsListedAndWarnedAboutOnce(TestReporter reporter) {
        upstream.startTls(TestCertificates.selfSigned(Request.of("printer.local")));
        declare("StartTLS", "{certificateVerification: {hostName: false, chain: false}}");
        awaitServer("Ready", Condition.Status.True, "Accepted");
        operator.kubectl("annotate", "ms", "own", "-n", "$TENANT", "postrider.dev/test-send=again");
        await().until(() -> upstream.messages().size() == 2);

        assertThat(operator.kubectl("get", "ms", "own", "-n", "$TENANT", "-o", "jsonpath={.status.weakenedChecks}"))
                .isEqualTo("[\"tls.certificateVerification.hostName\",\"tls.certificateVerification.chain\"]");
        await().untilAsserted(() -> assertThat(events("ChecksWeakened")).contains(
                "spec.smtp.tls.certificateVerification.hostName, spec.smtp.tls.certificateVerification.chain"));
        assertThat(operator.kubectl("get", "events", "-n", "$TENANT", "--field-selector=reason=ChecksWeakened", "-o",
                "name").lines()).hasSize(1);
        reporter.publishEntry("weakened", operator.kubectl("describe", "ms", "own", "-n", "$TENANT"));

        upstream.startTls(CA.server("localhost"));
        operator.kubectl("create", "configmap", "authorities", "-n", "$TENANT", "--from-literal=ca.crt=" + CA.pem());
        operator.kubectl("label", "configmap", "authorities", "-n", "$TENANT",
                "postrider.dev/certificate-authorities=true");
        declare("StartTLS", "{caConfigMapRef: {name: authorities}}");
        await().untilAsserted(() -> assertThat(
                operator.kubectl("get", "ms", "own", "-n", "$TENANT", "-o", "jsonpath={.status.weakenedChecks}"))
                .isEmpty());
    }

    /** Another shard deletes one that no route names as far as it has seen. */
    @Test
    void aBundleThatIsDeletedThoughARouteNamesItIsWrittenAgain() {
        upstream.startTls(CA.server("localhost"));
        operator.kubectl("create", "configmap", "authorities", "-n", "$TENANT", "--from-literal=ca.crt=" + CA.pem());
        operator.kubectl("label", "configmap", "authorities", "-n", "$TENANT",
                "postrider.dev/certificate-authorities=true");
        declare("StartTLS", "{caConfigMapRef: {name: authorities}}");
        awaitServer("Ready", Condition.Status.True, "Accepted");
        String written = bundles();
        assertThat(written.lines()).hasSize(1);

        operator.kubectl("delete", "secret", "-n", "$OPERATOR", "-l", "postrider.dev/route=authorities");

        await().untilAsserted(() -> assertThat(bundles().lines()).hasSize(1).doesNotContain(written.strip()));
    }

    private String bundles() {
        return operator.kubectl("get", "secret", "-n", "$OPERATOR", "-l", "postrider.dev/route=authorities", "-o",
                "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{\"\\n\"}{end}");
    }

    @Test
    void aConfigMapIsFollowed() {
        upstream.implicitTls(CA.server("localhost"));
        declare("TLS", "{caConfigMapRef: {name: authorities, key: bundle.pem}}");
        Condition missing = awaitServer("SecretsValid", Condition.Status.False, "ConfigMapNotFound");
        assertThat(missing.message()).contains("spec.smtp.tls.caConfigMapRef", "bundle.pem",
                "postrider.dev/certificate-authorities: \"true\"");

        operator.kubectl("create", "configmap", "authorities", "-n", "$TENANT",
                "--from-literal=bundle.pem=" + CA.pem() + "-----END CERTIFICATE-----\n" + CA.pem());
        operator.kubectl("annotate", "ms", "own", "-n", "$TENANT", "look=again");
        assertThat(awaitServer("SecretsValid", Condition.Status.False, "ConfigMapNotLabelled").message())
                .contains("label configmap authorities postrider.dev/certificate-authorities=true");

        operator.kubectl("label", "configmap", "authorities", "-n", "$TENANT",
                "postrider.dev/certificate-authorities=true");
        assertThat(awaitServer("SecretsValid", Condition.Status.False, "CertificateInvalid").message())
                .contains(
                        "is a marker that does not belong to another: \"-----END CERTIFICATE-----\", after certificate 1");

        operator.kubectl("delete", "configmap", "authorities", "-n", "$TENANT");
        operator.kubectl("create", "configmap", "authorities", "-n", "$TENANT",
                "--from-literal=bundle.pem=" + CA.pem());
        operator.kubectl("label", "configmap", "authorities", "-n", "$TENANT",
                "postrider.dev/certificate-authorities=true");
        awaitServer("Ready", Condition.Status.True, "Accepted");
    }

    @Test
    void aClientCertificateComesFromASecretOfItsType() throws IOException {
        TestCertificates.Server client = CA.server(Request.of().called("postrider"));
        Path crt = Files.writeString(directory.resolve("tls.crt"), client.certificate());
        Path key = Files.writeString(directory.resolve("tls.key"), client.privateKey());
        operator.kubectl("create", "secret", "tls", "client", "-n", "$TENANT", "--cert=" + crt, "--key=" + key);
        operator.kubectl("label", "secret", "client", "-n", "$TENANT", "postrider.dev/credentials=true");
        TestCertificates.Server server = CA.server("localhost");
        upstream.wantClientCertificate().implicitTls(server);

        declare("TLS", "{clientCertificateSecretRef: {name: client}, pinnedCertificates: [\""
                + CertificateBundle.fingerprint(server.x509()) + "\"]}");

        awaitServer("Ready", Condition.Status.True, "Accepted");
        assertThat(upstream.tlsSessions()).isNotEmpty()
                .allSatisfy(session -> assertThat(session.getPeerPrincipal().getName()).isEqualTo("CN=postrider"));
        String base64 = client.privateKey().lines().toList().get(1);
        assertThat(operator.kubectl("get", "ms,events", "-n", "$TENANT", "-o", "yaml")).doesNotContain(base64);
    }

    @Test
    void thatTheMailWentInTheClearIsSaid() {
        declare("StartTLSIfOffered", "{}");
        assertThat(awaitServer("Ready", Condition.Status.True, "Accepted").message())
                .contains("(in the clear, since the server does not offer STARTTLS)");
        assertThat(
                operator.kubectl("get", "ms", "own", "-n", "$TENANT", "-o", "jsonpath={.status.testSend.inTheClear}"))
                .isEqualTo("true");
    }
}
