package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("upstreams")
final class SmtpTlsTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates OTHER_CA = new TestCertificates("Other CA");

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private Endpoint.Smtp serve(Security security, TestCertificates.Server certificate) {
        if (security == Security.TLS) {
            server.implicitTls(certificate);
        } else {
            server.startTls(certificate);
        }
        return Mails.secure(server.port(), security, OTHER_CA.pem() + CA.pem());
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void mailGoesEncryptedWhereTheCertificateIsGood(Security security) {
        Attempt attempt = Mails.send(serve(security, CA.server("localhost")));
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.tls().orElseThrow().protocol()).isEqualTo("TLSv1.3");
        assertThat(attempt.tls().orElseThrow().cipher()).startsWith("TLS_");
        assertThat(attempt.dialogue()).contains("-- encrypted with TLSv1.3");
        assertThat(server.messages()).singleElement().satisfies(received -> assertThat(received.tls()).isTrue());
    }

    @Test
    void anAddressIsCheckedAsAName() {
        Endpoint.Smtp localhost = serve(Security.TLS, CA.server("127.0.0.1"));
        Endpoint.Smtp address = Mails.at(localhost, "127.0.0.1");
        assertThat(Mails.send(address).verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(Mails.refusal(Mails.send(localhost)).step()).isEqualTo(Step.Certificate);
    }

    @Test
    void tls12IsStillSpoken() {
        server.tlsVersions("TLSv1.2");
        assertThat(Mails.send(serve(Security.TLS, CA.server("localhost"))).tls().orElseThrow().protocol())
                .isEqualTo("TLSv1.2");
    }

    /** A certificate that must be refused. */
    enum Wrong {
        EXPIRED("check of validity"), NOT_YET_VALID("check of validity"), OTHER_HOST("check of hostName"), UNKNOWN_CA(
                "check of chain");

        final String message;

        Wrong(String message) {
            this.message = message;
        }

        TestCertificates.Server certificate() {
            Instant now = Instant.now();
            return switch (this) {
                case EXPIRED -> CA.server(now.minus(Duration.ofDays(30)), now.minus(Duration.ofDays(1)), "localhost");
                case NOT_YET_VALID ->
                    CA.server(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(9)), "localhost");
                case OTHER_HOST -> CA.server("mx.example.com");
                case UNKNOWN_CA -> new TestCertificates("Nobody").server("localhost");
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWrongCertificateIsRefusedAndDescribed(Wrong wrong) {
        for (Security security : new Security[]{Security.STARTTLS, Security.TLS, Security.STARTTLS_IF_OFFERED}) {
            try (ScriptedSmtpServer other = ScriptedSmtpServer.start()) {
                TestCertificates.Server certificate = wrong.certificate();
                Endpoint.Smtp endpoint = Mails.secure(other.port(), security, CA.pem());
                Endpoint.Smtp withLogin = Mails.with(endpoint, new Login.Password("shop", "geheim"));
                if (security == Security.TLS) {
                    other.implicitTls(certificate);
                } else {
                    other.startTls(certificate);
                }
                Attempt attempt = Mails.send(withLogin);
                assertThat(Mails.refusal(attempt)).returns(Step.Certificate, Verdict.Refused::step)
                        .returns(false, Verdict.Refused::permanent);
                assertThat(Mails.refusal(attempt).message()).contains(wrong.message,
                        "subject \"" + certificate.x509().getSubjectX500Principal() + "\"",
                        "issuer \"" + certificate.x509().getIssuerX500Principal() + "\"",
                        "valid from " + certificate.x509().getNotBefore().toInstant(), "SHA-256 ");
                assertThat(attempt.tls()).isEmpty();
                assertThat(other.commands()).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
            }
        }
    }

    @Test
    void theSystemsAuthoritiesDoNotTrustATestCertificate() {
        Endpoint.Smtp endpoint = serve(Security.TLS, CA.server("localhost"));
        Attempt attempt = Mails.send(new Endpoint.Smtp("localhost", endpoint.port(), Security.TLS, Optional.empty(),
                endpoint.connectTimeout(), endpoint.replyTimeout(), 1, Optional.empty()));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Certificate);
    }

    @Test
    void authoritiesThatAreNoCertificatesAreSaid() {
        for (String junk : new String[]{"", "hello",
                "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n"}) {
            Attempt attempt = Mails.send(Mails.secure(server.port(), Security.STARTTLS, junk));
            assertThat(Mails.refusal(attempt).step()).as(junk).isEqualTo(Step.Certificate);
            assertThat(Mails.refusal(attempt).message()).contains("ca.crt", "not certificates in PEM");
        }
        assertThat(server.connections()).isZero();
    }

    @Test
    void nothingIsSentInTheClearWhereStartTlsIsDeclared() {
        Attempt attempt = Mails.send(Mails.secure(server.port(), Security.STARTTLS, CA.pem()));
        assertThat(Mails.refusal(attempt)).returns(Step.Tls, Verdict.Refused::step);
        assertThat(Mails.refusal(attempt).message()).contains("does not offer STARTTLS");
        assertThat(server.commands()).containsExactly("EHLO client.test");
    }

    @Test
    void aServerThatDoesNotKnowEhloGetsNothingInTheClearEither() {
        server.on("EHLO", "502 5.5.1 no");
        Attempt attempt = Mails.send(Mails.secure(server.port(), Security.STARTTLS, CA.pem()));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Tls);
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void aFailedStartTlsDoesNotFallBack() {
        server.startTls(CA.server("localhost")).on("STARTTLS", "454 4.7.0 not now");
        Attempt attempt = Mails.send(Mails.secure(server.port(), Security.STARTTLS_IF_OFFERED, CA.pem()));
        assertThat(Mails.refusal(attempt)).returns(Step.Tls, Verdict.Refused::step)
                .returns("454 4.7.0 not now",
                        refused -> refused.reply().orElseThrow().text());
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void whereItIsOnlyWantedIfOfferedMailGoesInTheClear() {
        Attempt attempt = Mails.send(Mails.secure(server.port(), Security.STARTTLS_IF_OFFERED, CA.pem()));
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.tls()).isEmpty();
    }

    @Test
    void butALoginDoesNot() {
        server.login("shop", "geheim", "PLAIN", "LOGIN");
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS_IF_OFFERED, CA.pem()),
                new Login.Password("shop", "geheim")));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Authentication);
        assertThat(Mails.refusal(attempt).message()).contains("does not offer STARTTLS",
                "never sent in the clear");
        assertThat(server.commands()).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
    }

    @Test
    void oldVersionsOfTlsAreNotSpoken() {
        server.tlsVersions("TLSv1.1");
        assertThat(Mails.refusal(Mails.send(serve(Security.TLS, CA.server("localhost")))).step())
                .isIn(Step.Tls, Step.Connection);
    }

    @Test
    void aPlainServerOnAPortForTlsIsATlsFailure() {
        Attempt attempt = Mails.send(Mails.secure(server.port(), Security.TLS, CA.pem()));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Tls);
        assertThat(Mails.refusal(attempt).message()).contains("spec.smtp.security");
    }

    @Test
    void aHandshakeThatNeverEndsTimesOut() {
        server.on("CONNECT", ScriptedSmtpServer.HANG);
        Attempt attempt = Mails.send(Mails.impatient(Mails.secure(server.port(), Security.TLS, CA.pem())));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Timeout);
    }
}
