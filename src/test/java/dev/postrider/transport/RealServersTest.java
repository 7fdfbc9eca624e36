package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.route.ClientCertificate;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.testing.EximServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestCertificates.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each security with a Postfix, and with an Exim for a second opinion; not tried where they are not installed. */
@Tag("upstreams")
final class RealServersTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");

    @TempDir
    Path directory;

    private static Attempt send(Endpoint.Smtp endpoint, String recipient) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(endpoint))) {
            return upstream.send(Mails.envelope(recipient), Mails.text(Mails.TEXT));
        }
    }

    private static Endpoint.Smtp endpoint(int port, Security security) {
        return Mails.secure(port, security, CA.pem());
    }

    private static PostfixServer postfix(TestCertificates.Server certificate, String... settings) {
        Optional<PostfixServer> postfix = PostfixServer.startIfInstalled(certificate, List.of(settings));
        assumeTrue(postfix.isPresent(), "no Postfix here, or not root: not tried");
        return postfix.orElseThrow();
    }

    private static EximServer exim(TestCertificates.Server certificate, String... settings) {
        Optional<EximServer> exim = EximServer.startIfInstalled(certificate, settings);
        assumeTrue(exim.isPresent(), "no Exim here, or not root: not tried");
        return exim.orElseThrow();
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            NONE                | smtpd_tls_security_level = none    |         |
            NONE                | smtpd_tls_security_level = may     |         |
            STARTTLS_IF_OFFERED | smtpd_tls_security_level = none    |         |
            STARTTLS_IF_OFFERED | smtpd_tls_security_level = may     | TLSv1.3 |
            STARTTLS            | smtpd_tls_security_level = encrypt | TLSv1.3 |
            STARTTLS            | smtpd_tls_protocols = <=TLSv1.2    | TLSv1.2 |
            TLS                 | smtpd_tls_wrappermode = yes        | TLSv1.3 |
            STARTTLS            | smtpd_tls_security_level = none    |         | Tls
            NONE                | smtpd_tls_security_level = encrypt |         | Authentication
            TLS                 | smtpd_tls_security_level = may     |         | Tls
            """)
    // @formatter:on
    void postfix(Security security, String setting, String protocol, Step failure) {
        try (PostfixServer postfix = postfix(CA.server("localhost"), setting)) {
            Attempt attempt = send(endpoint(postfix.port(), security), "all@postfix.test");
            if (failure != null) {
                assertThat(attempt.verdicts().get("all@postfix.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                        refused -> assertThat(refused.step()).as(refused.message()).isEqualTo(failure));
                return;
            }
            assertThat(attempt.verdicts().get("all@postfix.test")).as(postfix::log)
                    .isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.tls().map(tls -> tls.protocol())).isEqualTo(Optional.ofNullable(protocol));
            await().untilAsserted(() -> assertThat(postfix.mails()).singleElement()
                    .asString()
                    .contains(protocol == null ? "with ESMTP " : "with ESMTPS "));
        }
    }

    @Test
    void postfixSeesTheClientCertificate() throws IOException {
        Path authority = Files.writeString(directory.resolve("ca.pem"), CA.pem());
        TestCertificates.Server client = CA
                .server(Request.of().called("postrider-shop").purpose(KeyPurposeId.id_kp_clientAuth));
        try (PostfixServer postfix = postfix(CA.server("localhost"), "smtpd_tls_security_level = encrypt",
                "smtpd_tls_req_ccert = yes", "smtpd_tls_CAfile = " + authority, "smtpd_tls_received_header = yes")) {
            TlsSettings shown = new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(CA.pem()),
                    Optional.of(new ClientCertificate(client.certificate(), client.privateKey())), Verification.FULL,
                    List.of());
            Attempt with = send(Mails.with(endpoint(postfix.port(), Security.STARTTLS), shown), "all@postfix.test");
            assertThat(with.verdicts().get("all@postfix.test")).as(postfix::log).isInstanceOf(Verdict.Accepted.class);
            await().untilAsserted(() -> assertThat(postfix.mails()).singleElement()
                    .asString()
                    .contains("Client CN \"postrider-shop\"", "(verified OK)"));

            Attempt without = send(endpoint(postfix.port(), Security.STARTTLS), "all@postfix.test");
            assertThat(without.verdicts().get("all@postfix.test")).isInstanceOf(Verdict.Refused.class);
        }
    }

    @Test
    void postfixWithACertificateOfAnotherHostIsRefused() {
        try (PostfixServer postfix = postfix(CA.server("mx.example.com"))) {
            Attempt attempt = send(endpoint(postfix.port(), Security.STARTTLS), "all@postfix.test");
            assertThat(attempt.verdicts().get("all@postfix.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                    refused -> assertThat(refused.message())
                            .contains("check of hostName failed: it is for mx.example.com, not for localhost"));
            assertThat(postfix.log()).doesNotContain("from=<sender@example.com>");
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE", "STARTTLS_IF_OFFERED", "STARTTLS", "TLS"})
    void exim(Security security) {
        try (EximServer exim = exim(CA.server("localhost"))) {
            int port = security == Security.TLS ? exim.tlsPort() : exim.port();
            Attempt attempt = send(endpoint(port, security), "all@exim.test");
            assertThat(attempt.verdicts().get("all@exim.test")).as(exim::log).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.tls().isPresent()).isEqualTo(security != Security.NONE);
            await().untilAsserted(() -> assertThat(exim.log()).contains("<= sender@example.com")
                    .containsPattern(security == Security.NONE ? "P=esmtp " : "P=esmtps X=TLS1\\.3:"));
        }
    }

    @Test
    void eximWithAnExpiredCertificateIsRefused() {
        Request expired = Request.of("localhost");
        try (EximServer exim = exim(CA.server(expired.valid(expired.from().minusSeconds(1000), expired.from())))) {
            Attempt attempt = send(endpoint(exim.tlsPort(), Security.TLS), "all@exim.test");
            assertThat(attempt.verdicts().get("all@exim.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                    refused -> assertThat(refused.message()).contains("check of validity failed: it expired at"));
            assertThat(exim.log()).doesNotContain("<= sender@example.com");
        }
    }
}
