package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.CertificateNames;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestCertificates.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each check of a server's certificate, against servers that violate exactly that one. */
@Tag("upstreams")
final class CertificateChecksTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final Verification FULL = Verification.FULL;
    private static final Verification NOTHING = new Verification(false, false, false, false, false, false, false);

    /** From a month ago until yesterday. */
    private static Request expired(Request request) {
        Instant now = Instant.now();
        return request.valid(now.minus(Duration.ofDays(30)), now.minus(Duration.ofDays(1)));
    }

    private static Request notYetValid(Request request) {
        Instant now = Instant.now();
        return request.valid(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(9)));
    }

    /** A check and its switch. */
    enum Check {
        VALIDITY, HOST_NAME, KEY_USAGE, CHAIN;

        String field() {
            return switch (this) {
                case VALIDITY -> "validity";
                case HOST_NAME -> "hostName";
                case KEY_USAGE -> "keyUsage";
                case CHAIN -> "chain";
            };
        }

        /** All other checks, without this one. */
        Verification off() {
            return new Verification(this != VALIDITY, this != HOST_NAME, false, this != KEY_USAGE, this != CHAIN,
                    false, false);
        }

        /** This check alone. */
        Verification alone() {
            return new Verification(this == VALIDITY, this == HOST_NAME, false, this == KEY_USAGE, this == CHAIN,
                    false, false);
        }
    }

    /** A certificate that violates one check and no other. */
    // @formatter:off
    enum Violation {
        EXPIRED(Check.VALIDITY, "it expired at "),
        NOT_YET_VALID(Check.VALIDITY, "it is not valid before "),
        EXPIRED_INTERMEDIATE(Check.VALIDITY, "\"CN=Middle\", which it leads through, expired at "),
        OTHER_NAME(Check.HOST_NAME, "it is for mx.example.com, not for localhost"),
        OTHER_ADDRESS(Check.HOST_NAME, "it is for 127.0.0.1, not for localhost"),
        COMMON_NAME_ONLY(Check.HOST_NAME, "it is for no host, having no subject alternative names, not for localhost"),
        CLIENT_ONLY(Check.KEY_USAGE, "it is not for servers (serverAuth), but for 1.3.6.1.5.5.7.3.2"),
        UNKNOWN_CA(Check.CHAIN, "it leads to \"CN=Nobody\", which is not a trusted authority"),
        SELF_SIGNED(Check.CHAIN, "it is signed by itself, and is not among the trusted authorities"),
        MISSING_INTERMEDIATE(Check.CHAIN, "its issuer \"CN=Middle\" was neither sent nor is it a trusted authority");
        // @formatter:on

        final Check check;
        final String message;

        Violation(Check check, String message) {
            this.check = check;
            this.message = message;
        }

        TestCertificates.Server certificate() {
            Request good = Request.of("localhost");
            return switch (this) {
                case EXPIRED -> CA.server(expired(good));
                case NOT_YET_VALID -> CA.server(notYetValid(good));
                case EXPIRED_INTERMEDIATE ->
                    CA.intermediate("Middle", expired(Request.of()))
                            .server(
                                    good);
                case OTHER_NAME -> CA.server(Request.of("mx.example.com"));
                case OTHER_ADDRESS -> CA.server(Request.of("127.0.0.1"));
                case COMMON_NAME_ONLY -> CA.server(Request.of().called("localhost"));
                case CLIENT_ONLY -> CA.server(good.purpose(KeyPurposeId.id_kp_clientAuth));
                case UNKNOWN_CA -> new TestCertificates("Nobody").server(good);
                case SELF_SIGNED -> TestCertificates.selfSigned(good);
                case MISSING_INTERMEDIATE -> CA.intermediate("Middle", Request.of()).alone(good);
            };
        }
    }

    private static TlsSettings trusting(Verification verification, String... pins) {
        return new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(CA.pem()), Optional.empty(), verification,
                List.of(pins));
    }

    private static Attempt send(TestCertificates.Server certificate, TlsSettings tls) {
        return send(certificate, tls, "localhost", Security.TLS);
    }

    private static Attempt send(TestCertificates.Server certificate, TlsSettings tls, String host, Security security) {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().login("shop", "geheim", "PLAIN")) {
            if (security == Security.TLS) {
                server.implicitTls(certificate);
            } else {
                server.startTls(certificate);
            }
            Endpoint.Smtp endpoint = Mails.at(Mails.with(Mails.secure(server.port(), security, CA.pem()), tls), host);
            Attempt attempt = Mails.send(Mails.with(endpoint, new Login.Password("shop", "geheim")));
            boolean accepted = attempt.verdicts().get("rcpt@example.com") instanceof Verdict.Accepted;
            assertThat(server.commands().stream().anyMatch(line -> line.startsWith("AUTH")))
                    .as("a login is sent only where the certificate is good: %s", attempt)
                    .isEqualTo(accepted);
            return attempt;
        }
    }

    private static void assertAccepted(Attempt attempt) {
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.tls()).isPresent();
    }

    private static String refusal(Attempt attempt) {
        assertThat(Mails.refusal(attempt)).returns(Step.Certificate, Verdict.Refused::step)
                .returns(false, Verdict.Refused::permanent);
        return Mails.refusal(attempt).message();
    }

    @ParameterizedTest
    @EnumSource
    void isRefusedForThatCheckAlone(Violation violation) {
        TestCertificates.Server certificate = violation.certificate();
        String told = refusal(send(certificate, trusting(FULL)));
        assertThat(told).contains("check of " + violation.check.field() + " failed: " + violation.message,
                "subject \"" + certificate.x509().getSubjectX500Principal() + "\"",
                "issuer \"" + certificate.x509().getIssuerX500Principal() + "\"",
                "valid from " + certificate.x509().getNotBefore().toInstant() + " to "
                        + certificate.x509().getNotAfter().toInstant(),
                "SHA-256 " + certificate.fingerprint());
        assertThat(told.split("check of ", -1)).as(told).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource
    void isTakenWithThatCheckOff(Violation violation) {
        assertAccepted(send(violation.certificate(), trusting(violation.check.off())));
    }

    @ParameterizedTest
    @EnumSource
    void isRefusedWithThatCheckAlone(Violation violation) {
        // Without a chain the certificates between are unknown, and whether they are valid.
        Verification alone = violation == Violation.EXPIRED_INTERMEDIATE
                ? new Verification(true, false, false, false, true, false, false)
                : violation.check.alone();
        assertThat(refusal(send(violation.certificate(), trusting(alone)))).contains(violation.message);
    }

    @ParameterizedTest
    @EnumSource
    void isTakenWithNothingChecked(Violation violation) {
        assertAccepted(send(violation.certificate(), trusting(NOTHING)));
    }

    @ParameterizedTest
    @EnumSource(names = {"STARTTLS", "STARTTLS_IF_OFFERED", "TLS"})
    void theChecksAreTheSameHoweverTlsBegins(Security security) {
        TestCertificates.Server expired = Violation.EXPIRED.certificate();
        assertThat(refusal(send(expired, trusting(FULL), "localhost", security))).contains("check of validity failed");
        assertAccepted(send(expired, trusting(Check.VALIDITY.off()), "localhost", security));
    }

    @Test
    void allThatIsWrongIsToldAtOnce() {
        TestCertificates.Server bad = new TestCertificates("Nobody").server(expired(Request.of("mx.example.com"))
                .purpose(KeyPurposeId.id_kp_emailProtection));
        String told = refusal(send(bad, trusting(FULL)));
        assertThat(told).contains("check of chain failed", "check of validity failed", "check of hostName failed",
                "check of keyUsage failed", "spec.smtp.tls.caSecretRef", "renew the server's certificate",
                "use a host that the certificate names", "a certificate of a server");
        assertThat(told.split("SHA-256", -1)).as("the particulars are told once: %s", told)
                .hasSizeLessThanOrEqualTo(3);
    }

    /** The world of printers: what is old must go, whoever issued it. */
    @Test
    void validityAloneTakesASelfSignedCertificateUntilItExpires() {
        Verification printers = Check.VALIDITY.alone();
        Request request = Request.of("printer.local").purpose(KeyPurposeId.id_kp_clientAuth);
        assertAccepted(send(TestCertificates.selfSigned(request), trusting(printers)));
        assertThat(refusal(send(TestCertificates.selfSigned(expired(request)), trusting(printers))))
                .contains("check of validity failed: it expired");
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            mail.example.com    | mail.example.com            | true
            mail.example.com    | MAIL.Example.COM            | true
            mail.example.com    | *.example.com               | true
            mail.example.com    | mx.example.com              | false
            mail.example.com    | *.com                       | false
            example.com         | *.com                       | false
            example.com         | *.example.com               | false
            a.mail.example.com  | *.example.com               | false
            mail.example.com    | m*.example.com              | false
            mail.example.com    | *.*.com                     | false
            mail.example.com    | mail.example.com.evil.test  | false
            127.0.0.1           | 127.0.0.1                   | true
            127.0.0.1           | 127.0.0.2                   | false
            ::1                 | 0:0:0:0:0:0:0:1             | true
            ::1                 | ::2                         | false
            127.0.0.1           | mail.example.com            | false
            """)
    // @formatter:on
    void aCertificateIsForTheHostsThatItNames(String host, String name, boolean matches) throws Exception {
        CertificateNames names = CertificateNames.of(CA.server(name).x509(), false);
        assertThat(names.contain(host)).as("%s is for %s", names, host).isEqualTo(matches);
    }

    @Test
    void theCommonNameCountsOnlyWhereAskedForAndAlone() throws Exception {
        var only = CA.server(Request.of().called("mail.example.com")).x509();
        var beside = CA.server(Request.of("mx.example.com").called("mail.example.com")).x509();
        assertThat(CertificateNames.of(only, false).contain("mail.example.com")).isFalse();
        assertThat(CertificateNames.of(only, true).contain("mail.example.com")).isTrue();
        assertThat(CertificateNames.of(beside, true).contain("mail.example.com")).isFalse();

        Verification fallback = new Verification(true, true, true, true, true, false, false);
        TestCertificates.Server old = Violation.COMMON_NAME_ONLY.certificate();
        assertAccepted(send(old, trusting(fallback)));
        assertThat(refusal(send(old, trusting(FULL))))
                .contains("or set spec.smtp.tls.certificateVerification.commonNameFallback");
    }

    @Test
    void anAddressIsCheckedAsOne() {
        assertAccepted(send(CA.server("127.0.0.1"), trusting(FULL), "127.0.0.1", Security.TLS));
        assertThat(refusal(send(CA.server("localhost"), trusting(FULL), "127.0.0.1", Security.TLS)))
                .contains("it is for localhost, not for 127.0.0.1");
    }

    @Test
    void aChainMayBeLong() {
        TestCertificates middle = CA.intermediate("Middle", Request.of()).intermediate("Lower", Request.of());
        assertAccepted(send(middle.server(Request.of("localhost").purpose(KeyPurposeId.id_kp_serverAuth)),
                trusting(FULL)));
    }

    @Test
    void aCertificateThatIsItselfTrustedNeedsNoOther() {
        TestCertificates.Server own = TestCertificates.selfSigned(Request.of("localhost"));
        TlsSettings tls = new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(own.certificate()),
                Optional.empty(), FULL, List.of());
        assertAccepted(send(own, tls));
    }

    @Test
    void aPinTakesThePlaceOfTheChainAndOfNothingElse() {
        TestCertificates.Server own = TestCertificates.selfSigned(Request.of("localhost"));
        TestCertificates.Server other = CA.server("localhost");
        assertAccepted(send(own, trusting(FULL, other.fingerprint(), own.fingerprint())));
        assertThat(refusal(send(other, trusting(FULL, own.fingerprint())))).as("a good chain does not help")
                .contains("check of pinnedCertificates failed: it is none of the 1 that are pinned",
                        "SHA-256 " + other.fingerprint());
        TestCertificates.Server expired = TestCertificates
                .selfSigned(expired(Request.of("mx.example.com")));
        assertThat(refusal(send(expired, trusting(FULL, expired.fingerprint()))))
                .contains("check of validity failed", "check of hostName failed")
                .doesNotContain("check of chain", "check of pinned");
    }

    @Test
    void theServersNameMayBeAnotherThanTheHosts() {
        TlsSettings named = new TlsSettings("TLSv1.2", Optional.of("mail.acme.example"), Optional.of(CA.pem()),
                Optional.empty(), FULL, List.of());
        assertAccepted(send(CA.server("mail.acme.example"), named));
        assertThat(refusal(send(CA.server("localhost"), named))).contains("not for mail.acme.example");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().implicitTls(CA.server("mail.acme.example"))) {
            assertAccepted(Mails.send(Mails.with(Mails.secure(server.port(), Security.TLS, CA.pem()), named)));
            assertThat(server.tlsSessions()).singleElement()
                    .isInstanceOfSatisfying(ExtendedSSLSession.class,
                            session -> assertThat(session.getRequestedServerNames().toString().toLowerCase(Locale.ROOT))
                                    .contains("mail.acme.example"));
        }
    }
}
