package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedPop3Server;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Who speaks first, and what becomes of it where client and server do not agree. */
@Tag("promises")
final class GreetingTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CERTIFICATE = CA.server("localhost");
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    /** All but a connection takes minutes, as by default. */
    private static Endpoint.Smtp endpoint(int port, Security security, Duration connectTimeout) {
        return new Endpoint.Smtp("localhost", port, security, Optional.of(CA.pem()), connectTimeout,
                Duration.ofMinutes(5), 1, Optional.empty());
    }

    private static Verdict.Refused refusal(Endpoint.Smtp endpoint) {
        Attempt attempt = Mails.send(endpoint);
        assertThat(attempt.duration()).isLessThan(PATIENCE);
        return Mails.refusal(attempt);
    }

    @ParameterizedTest
    @EnumSource(value = Security.class, mode = Mode.EXCLUDE, names = "TLS")
    void aServerThatSpeaksTlsIsToldFromOneThatIsSlow(Security security) {
        try (var server = ScriptedSmtpServer.start().implicitTls(CERTIFICATE)) {
            Verdict.Refused refused = refusal(endpoint(server.port(), security, PATIENCE));

            assertThat(refused.step()).isEqualTo(Step.Tls);
            assertThat(refused.message()).contains("speaks TLS from the first octet, but spec.smtp.security is ",
                    "; set spec.smtp.security to TLS");
        }
    }

    @Test
    void aServerThatBeginsInTheClearIsToldFromOneThatSpeaksTls() {
        try (var server = ScriptedSmtpServer.start().startTls(CERTIFICATE)) {
            Verdict.Refused refused = refusal(endpoint(server.port(), Security.TLS, PATIENCE));

            assertThat(refused.step()).isEqualTo(Step.Tls);
            assertThat(refused.message()).contains("begins in the clear, but spec.smtp.security is TLS; set "
                    + "spec.smtp.security to StartTLS");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            STARTTLS            | smtpd_tls_wrappermode = yes    | speaks TLS from the first octet
            STARTTLS_IF_OFFERED | smtpd_tls_wrappermode = yes    | speaks TLS from the first octet
            TLS                 | smtpd_tls_security_level = may | begins in the clear
            """)
    void aPostfixIsUnderstood(Security security, String setting, String message) {
        Optional<PostfixServer> installed = PostfixServer.startIfInstalled(CERTIFICATE, List.of(setting));
        assumeTrue(installed.isPresent(), "no Postfix here, or not root: not tried");
        try (PostfixServer postfix = installed.orElseThrow()) {
            assertThat(refusal(endpoint(postfix.port(), security, PATIENCE)).message()).contains(message);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyChangesNothing(Proxy.Type type) {
        try (var server = ScriptedSmtpServer.start().implicitTls(CERTIFICATE);
                TestProxy proxy = type == Proxy.Type.HTTP ? TestProxy.http("") : TestProxy.socks("")) {
            Endpoint.Smtp endpoint = Mails.through(
                    Mails.at(endpoint(server.port(), Security.STARTTLS, PATIENCE), TestProxy.HOST),
                    new Proxy(type, "127.0.0.1", proxy.port(), Optional.empty()));

            assertThat(refusal(endpoint).message()).contains("(through 127.0.0.1:" + proxy.port() + ") speaks TLS");
        }
    }

    @Test
    void aServerThatGreetsLateIsWaitedFor() {
        try (var server = ScriptedSmtpServer.start().startTls(CERTIFICATE)) {
            // Late is: after it was looked whether the server speaks TLS.
            server.on("CONNECT", _ -> {
                await().until(() -> server.connections() == 2);
                return "";
            });
            Attempt attempt = Mails.send(endpoint(server.port(), Security.STARTTLS, PATIENCE));

            assertThat(attempt.verdicts().get("rcpt@example.com")).as(attempt::toString)
                    .isInstanceOf(Verdict.Accepted.class);
        }
    }

    @Test
    void aServerThatDoesNotGreetIsGivenUpAfterTheConnectTimeout() {
        try (var server = ScriptedSmtpServer.start().on("CONNECT", ScriptedSmtpServer.HANG)) {
            Verdict.Refused refused = refusal(endpoint(server.port(), Security.STARTTLS, Duration.ofMillis(600)));

            assertThat(refused.step()).isEqualTo(Step.Timeout);
            assertThat(refused.message()).contains("did not greet within 600ms", "raise spec.smtp.connectTimeout",
                    "set spec.smtp.security to TLS").doesNotContain("replyTimeout");
        }
    }

    /** A load balancer in front of a server that speaks TLS: it closes soon, or with an alert. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void aServerThatClosesInPlaceOfAGreetingIsLookedAt(boolean alert) throws IOException {
        byte[] alerting = {21, 3, 3, 0, 2, 2, 40};
        try (ServerSocket balancer = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket first = balancer.accept()) {
                    if (alert) {
                        first.getOutputStream().write(alerting);
                    }
                } catch (IOException e) {
                    return;
                }
                try (Socket second = balancer.accept()) {
                    second.getInputStream().readNBytes(5);
                    second.getOutputStream().write(alerting);
                } catch (IOException e) {
                    // It is closed either way.
                }
            });
            assertThat(refusal(endpoint(balancer.getLocalPort(), Security.STARTTLS, PATIENCE)).message())
                    .contains("speaks TLS from the first octet");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            STARTTLS | true  | speaks TLS from the first octet, but spec.smtp.authentication.popBeforeSmtp.security is StartTLS
            NONE     | true  | set spec.smtp.authentication.popBeforeSmtp.security to TLS
            TLS      | false | begins in the clear, but spec.smtp.authentication.popBeforeSmtp.security is TLS
            """)
    void aPop3ServerIsUnderstoodToo(Security security, boolean tls, String message) {
        Optional<DovecotServer> installed = DovecotServer.startIfInstalled(CERTIFICATE, "shop", "geheim", "localhost");
        assumeTrue(installed.isPresent(), "no Dovecot here, or not root: not tried");
        try (var smtp = ScriptedSmtpServer.start(); DovecotServer dovecot = installed.orElseThrow()) {
            Endpoint.Smtp endpoint = Mails.with(endpoint(smtp.port(), Security.NONE, PATIENCE),
                    pop(tls ? dovecot.pop3s() : dovecot.pop3(), security));

            assertThat(refusal(endpoint).message()).startsWith("Tls: POP before SMTP: ").contains(message);
            assertThat(smtp.connections()).isZero();
        }
    }

    @Test
    void aPop3ServerThatDoesNotGreetIsGivenUpAfterTheConnectTimeout() {
        try (var smtp = ScriptedSmtpServer.start();
                var pop3 = ScriptedPop3Server.start(CERTIFICATE).on("CONNECT", ScriptedPop3Server.HANG)) {
            assertThat(refusal(Mails.with(endpoint(smtp.port(), Security.NONE, Duration.ofMillis(600)),
                    pop(pop3.port(), Security.STARTTLS))).message()).contains("did not greet within 600ms");
        }
    }

    private static Login pop(int port, Security security) {
        return new Login.PopBeforeSmtp("localhost", port, security, "shop", "geheim", Duration.ZERO,
                Duration.ofMinutes(10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # port | security | the server   | next step
            465    | STARTTLS | speaks TLS   | set spec.smtp.security to TLS
            2000   | STARTTLS | speaks TLS   | set spec.smtp.security to TLS, or spec.smtp.port to the one that begins in the clear, often 587
            587    | TLS      | is clear     | set spec.smtp.security to StartTLS, or spec.smtp.port to 465 if the server speaks TLS there
            2000   | TLS      | is clear     | set spec.smtp.security to StartTLS
            465    | STARTTLS | is silent    | port 465 is usually of servers that speak TLS from the first octet: set spec.smtp.security to TLS
            587    | TLS      | no handshake | port 587 is usually of servers that begin in the clear: set spec.smtp.security to StartTLS, or spec.smtp.port to 465
            465    | TLS      | no handshake | look into the server's log, or raise spec.smtp.tlsTimeout
            """)
    void theNextStepIsAboutWhatDoesNotFit(int port, Security security, String server, String next) {
        SecurityMismatch mismatch = new SecurityMismatch(endpoint(port, security, PATIENCE), "mx.test", 587, 465);
        RefusedException refusal = switch (server) {
            case "speaks TLS" -> mismatch.speaksTls();
            case "is clear" -> mismatch.speaksInTheClear();
            case "is silent" -> mismatch.silent();
            default -> mismatch.noHandshake();
        };
        assertThat(refusal.verdict().message()).endsWith("; " + next);
    }
}
