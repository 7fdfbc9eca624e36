package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ClientCertificate;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a connection is encrypted, or is not; whom it shows itself to; and servers that break off, or babble. */
@Tag("upstreams")
final class ConnectionSecurityTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private Endpoint.Smtp endpoint(Security security) {
        return Mails.secure(server.port(), security, CA.pem());
    }

    private static TlsSettings tls(String minimumVersion, Optional<ClientCertificate> client) {
        return new TlsSettings(minimumVersion, Optional.empty(), Optional.of(CA.pem()), client, Verification.FULL,
                List.of());
    }

    private static boolean isAccepted(Attempt attempt) {
        return attempt.verdicts().get("rcpt@example.com") instanceof Verdict.Accepted;
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(textBlock = """
            TLSv1.2, TLSv1.2 TLSv1.3, TLSv1.3
            TLSv1.2, TLSv1.2,         TLSv1.2
            TLSv1.3, TLSv1.2 TLSv1.3, TLSv1.3
            TLSv1.3, TLSv1.2,
            """)
    // @formatter:on
    void theOldestVersionIsAsDeclared(String minimum, String offered, String spoken) {
        server.implicitTls(CA.server("localhost")).tlsVersions(offered.split(" "));
        Attempt attempt = Mails.send(Mails.with(endpoint(Security.TLS), tls(minimum, Optional.empty())));
        assertThat(attempt.tls().map(tls -> tls.protocol())).isEqualTo(Optional.ofNullable(spoken));
        if (spoken == null) {
            assertThat(Mails.refusal(attempt).message()).startsWith("Tls: ")
                    .contains("speaks TLS 1.3 (spec.smtp.tls.minimumVersion)");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STARTTLS", "TLS"})
    void aClientCertificateIsShownToTheServerThatAsks(Security security) throws SSLPeerUnverifiedException {
        TestCertificates.Server client = CA.server(TestCertificates.Request.of()
                .called("postrider-shop")
                .purpose(KeyPurposeId.id_kp_clientAuth));
        server.wantClientCertificate();
        if (security == Security.TLS) {
            server.implicitTls(CA.server("localhost"));
        } else {
            server.startTls(CA.server("localhost"));
        }
        Endpoint.Smtp endpoint = Mails.with(endpoint(security), tls("TLSv1.2",
                Optional.of(new ClientCertificate(client.certificate(), client.privateKey()))));

        assertThat(isAccepted(Mails.send(endpoint))).isTrue();

        Principal shown = server.tlsSessions().getFirst().getPeerPrincipal();
        assertThat(shown.getName()).isEqualTo("CN=postrider-shop");
        assertThat(endpoint.toString()).doesNotContain("PRIVATE KEY", client.privateKey());
    }

    @Test
    void aServerThatWantsAClientCertificateAndGetsNoneIsSaid() {
        server.wantClientCertificate().implicitTls(CA.server("localhost"));
        Attempt attempt = Mails.send(endpoint(Security.TLS));
        assertThat(Mails.refusal(attempt).message()).startsWith("Tls: ")
                .contains("ended the encrypted connection: ", "spec.smtp.tls.clientCertificateSecretRef");
    }

    @Test
    void eachServerHasAContextOfItsOwnThatIsKept() throws RefusedException {
        TlsContexts contexts = new TlsContexts();
        Endpoint.Smtp one = endpoint(Security.TLS);
        ResourceKey shop = new ResourceKey("shop", "own");
        assertThat(contexts.of(shop, one, LoopbackUpstreams.POLICY))
                .isSameAs(contexts.of(shop, Mails.secure(server.port(), Security.TLS,
                        CA.pem()), LoopbackUpstreams.POLICY));
        assertThat(contexts.of(new ResourceKey("bakery", "own"), one, LoopbackUpstreams.POLICY))
                .isNotSameAs(contexts.of(shop, one, LoopbackUpstreams.POLICY));
        assertThat(contexts.of(shop, Mails.with(one, tls("TLSv1.3", Optional.empty())), LoopbackUpstreams.POLICY))
                .isNotSameAs(contexts.of(shop, one, LoopbackUpstreams.POLICY));
    }

    @Test
    void theNextConnectionResumesTheSession() {
        server.implicitTls(CA.server("localhost")).tlsVersions("TLSv1.2");
        MailUpstreams upstreams = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY);
        for (int i = 0; i < 2; i++) {
            try (Upstream upstream = upstreams.to(Mails.route(endpoint(Security.TLS)))) {
                assertThat(isAccepted(upstream.send(Mails.envelope("rcpt@example.com"), Mails.text(Mails.TEXT))))
                        .isTrue();
            }
        }
        assertThat(server.tlsSessions()).hasSize(2);
        assertThat(server.tlsSessions().get(1).getId()).isEqualTo(server.tlsSessions().get(0).getId());
    }

    @Test
    void changedChecksAreMadeAtTheNextConnection() {
        server.implicitTls(CA.server("mx.example.com")).tlsVersions("TLSv1.2");
        MailUpstreams upstreams = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY);
        Verification lax = new Verification(true, false, false, true, true, false, false);
        TlsSettings without = new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(CA.pem()), Optional.empty(),
                lax, List.of());
        try (Upstream upstream = upstreams.to(Mails.route(Mails.with(endpoint(Security.TLS), without)))) {
            assertThat(isAccepted(upstream.send(Mails.envelope("rcpt@example.com"), Mails.text(Mails.TEXT)))).isTrue();
        }
        try (Upstream upstream = upstreams.to(Mails.route(endpoint(Security.TLS)))) {
            Attempt attempt = upstream.send(Mails.envelope("rcpt@example.com"), Mails.text(Mails.TEXT));
            assertThat(Mails.refusal(attempt).message()).contains("check of hostName failed");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLoginGoesInTheClearOnlyWhereThatIsAllowed(boolean allowed) {
        server.login("shop", "geheim", "PLAIN");
        Endpoint.Smtp e = endpoint(Security.STARTTLS_IF_OFFERED);
        Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), allowed, e.proxy(),
                e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                Optional.of(new Login.Password("shop", "geheim"))));
        assertThat(isAccepted(attempt)).isEqualTo(allowed);
        assertThat(attempt.tls()).isEmpty();
        if (!allowed) {
            assertThat(Mails.refusal(attempt).message()).contains("never sent in the clear unless "
                    + "spec.smtp.allowPlaintextAuthentication is true");
        }
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            454 4.7.0 TLS not available due to temporary reason      | Tls
            220 2.0.0 go ahead%n250 you are already inside           | Tls
            (close)                                                  | Connection
            (flood)                                                  | Connection
            (drip)                                                   | Timeout
            (hang)                                                   | Timeout
            220 go%nXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX   | Tls
            """)
    // @formatter:on
    void whoOffersStartTlsAndFailsGetsNothingInTheClear(String reply, Step step) {
        server.offer("STARTTLS", "8BITMIME")
                .login("shop", "geheim", "PLAIN")
                .on("STARTTLS", reply.replace("%n", "\r\n"));
        for (Security security : List.of(Security.STARTTLS_IF_OFFERED, Security.STARTTLS)) {
            Endpoint.Smtp e = Mails.impatient(endpoint(security));
            Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(),
                    security == Security.STARTTLS_IF_OFFERED, e.proxy(), e.ehloName(), e.connectTimeout(),
                    e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                    Optional.of(new Login.Password("shop", "geheim"))));
            assertThat(Mails.refusal(attempt).step()).as(attempt.toString()).isIn(step, Step.Tls);
            assertThat(attempt.duration()).isLessThan(Duration.ofSeconds(4));
        }
        assertThat(server.commands()).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
    }

    /** What an attacker puts between the reply to STARTTLS and the handshake must not count (CVE-2011-0411). */
    @Test
    void whatCameBeforeEncryptionDoesNotCountAfterIt() {
        server.startTls(CA.server("localhost")).on("STARTTLS", "220 go ahead\r\n250-injected\r\n250 AUTH PLAIN");
        Attempt attempt = Mails.send(Mails.with(endpoint(Security.STARTTLS), new Login.Password("shop", "geheim")));
        assertThat(Mails.refusal(attempt).message()).contains("offers no authentication");
        assertThat(server.commands()).startsWith("EHLO client.test", "STARTTLS", "EHLO client.test")
                .noneMatch(line -> line.startsWith("AUTH"));
    }

    @Test
    void theReplyToTheMessageHasATimeOfItsOwn() {
        server.on("MESSAGE", ScriptedSmtpServer.HANG);
        Endpoint.Smtp e = Mails.plain(server.port());
        Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), Duration.ofMillis(300), 1,
                e.login()));
        assertThat(Mails.refusal(attempt).message())
                .contains("took longer than 300ms for the reply to the message", "spec.smtp.dataTimeout");
    }

    @Test
    void aHandshakeHasATimeOfItsOwn() {
        server.on("CONNECT", ScriptedSmtpServer.HANG);
        Endpoint.Smtp e = endpoint(Security.TLS);
        Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                e.ehloName(), e.connectTimeout(), Duration.ofMillis(300), e.replyTimeout(), e.dataTimeout(), 1,
                e.login()));
        assertThat(Mails.refusal(attempt).message()).contains("took longer than 300ms for the TLS handshake",
                "spec.smtp.tlsTimeout");
    }

    @Test
    void theNameInEhloMayBeDeclared() {
        Endpoint.Smtp e = Mails.plain(server.port());
        Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                Optional.of("mail.acme.example"), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(),
                e.dataTimeout(), 1, e.login()));
        assertThat(server.commands()).first().isEqualTo("EHLO mail.acme.example");
    }
}
