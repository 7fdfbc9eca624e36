package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.ScriptedPop3Server;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@Tag("upstreams")
final class PopBeforeSmtpTest {
    private static final Logger LOG = LoggerFactory.getLogger(PopBeforeSmtpTest.class);
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CERTIFICATE = CA.server("localhost");
    private static final String PASSWORD = "geheim-4711";

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final List<Duration> pauses = new CopyOnWriteArrayList<>();
    private final PopLogins logins = new PopLogins(() -> now, time -> {
        pauses.add(time);
        now = now.plus(time);
    });
    private final ScriptedSmtpServer smtp = ScriptedSmtpServer.start().startTls(CERTIFICATE);
    private final ScriptedPop3Server pop3 = ScriptedPop3Server.start(CERTIFICATE);

    @AfterEach
    void close() {
        smtp.close();
        pop3.close();
    }

    private Endpoint.Smtp endpoint(int port, Security security, String password) {
        return Mails.with(Mails.secure(smtp.port(), Security.STARTTLS, CA.pem()), new Login.PopBeforeSmtp("localhost",
                port, security, "shop", password, Duration.ofSeconds(5), Duration.ofMinutes(10)));
    }

    private Attempt send(Endpoint.Smtp endpoint) {
        return Mails.send(endpoint, new AccessTokens(), logins);
    }

    private static void assertAccepted(Attempt attempt) {
        assertThat(attempt.verdicts().get("rcpt@example.com")).as(attempt.toString())
                .isInstanceOf(Verdict.Accepted.class);
    }

    @ParameterizedTest
    @EnumSource(value = Security.class, mode = Mode.EXCLUDE, names = "STARTTLS_IF_OFFERED")
    void aDovecotLetsTheUserIn(Security security) {
        Optional<DovecotServer> installed = DovecotServer.startIfInstalled(CERTIFICATE, "shop", PASSWORD, "localhost");
        if (installed.isEmpty()) {
            LOG.info("no Dovecot: it is not installed, or this is not root; the scripted server speaks STLS alone");
            assertAccepted(send(endpoint(pop3.port(), Security.STARTTLS, PASSWORD)));
            return;
        }
        LOG.info("logging in at the Dovecot of this machine");
        try (DovecotServer dovecot = installed.get()) {
            int port = security == Security.TLS ? dovecot.pop3s() : dovecot.pop3();
            Attempt refused = send(endpoint(port, security, "wrong"));
            assertThat(Mails.refusal(refused).message()).startsWith("Authentication: POP before SMTP: localhost:" + port
                    + " refused user \"shop\": -ERR [AUTH] Authentication failed.");
            assertThat(smtp.connections()).isZero();

            Attempt attempt = send(endpoint(port, security, PASSWORD));

            assertAccepted(attempt);
            assertThat(pauses).containsExactly(Duration.ofSeconds(5));
            await().untilAsserted(() -> assertThat(dovecot.log()).contains("Login: user=<shop>, method=APOP"));
            assertThat(dovecot.log().lines().filter(line -> line.contains("Login: user=<shop>")))
                    .allSatisfy(line -> assertThat(line.contains("TLS")).isEqualTo(security != Security.NONE));
            assertThat(attempt.toString()).doesNotContain(PASSWORD);
        }
    }

    @Test
    void withoutApopUserAndPasswordAreSentNotBeforeStls() {
        assertAccepted(send(endpoint(pop3.port(), Security.STARTTLS, PASSWORD)));
        assertThat(pop3.commands()).containsExactly("STLS", "(TLS) USER shop", "(TLS) PASS " + PASSWORD, "(TLS) QUIT");
    }

    @Test
    void apopIsUsedWhereTheGreetingOffersIt() {
        // The example of RFC 1939 section 7.
        pop3.on("CONNECT", "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>");
        assertAccepted(send(endpoint(pop3.port(), Security.NONE, "tanstaaf")));
        assertThat(pop3.commands()).containsExactly("APOP shop c4c9334bac560ecc979e58001b3e22fb", "QUIT");
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            STARTTLS | STLS    | -ERR unknown command          | Tls            | does not offer STLS, and without it nothing is sent
            STARTTLS | CONNECT | -ERR too busy                 | Connection     | does not want to talk: -ERR too busy
            NONE     | CONNECT | 220 smtp.example ESMTP        | Connection     | does not speak POP3; check spec.smtp.authentication.popBeforeSmtp.port
            NONE     | USER    | -ERR no such user             | Authentication | refused user "shop": -ERR no such user; check username and password in the Secret
            NONE     | PASS    | -ERR geheim-4711 is not right | Authentication | refused user "shop": -ERR *** is not right
            NONE     | PASS    | -ERR [IN-USE] locked          | Connection     | lets nobody in at the moment: -ERR [IN-USE] locked; it will be tried again
            NONE     | PASS    | (hang)                        | Timeout        | for a reply
            TLS      | CONNECT | +OK                           | Tls            | set spec.smtp.authentication.popBeforeSmtp.security to StartTLS
            """)
    // @formatter:on
    void aFailureNamesThePopServer(Security security, String step, String answer, Step failed, String message) {
        pop3.on(step, answer);
        Attempt attempt = send(Mails.impatient(endpoint(pop3.port(), security, PASSWORD)));
        assertThat(Mails.refusal(attempt)).returns(failed, Verdict.Refused::step)
                .returns(false, Verdict.Refused::permanent)
                .satisfies(refused -> assertThat(refused.message()).startsWith(failed + ": POP before SMTP: ")
                        .contains(message)
                        .doesNotContain(PASSWORD));
        assertThat(attempt.dialogue()).doesNotContain(PASSWORD);
        assertThat(smtp.connections()).isZero();
    }

    @Test
    void aPasswordIsNotSentToAServerWithAnotherName() {
        Endpoint.Smtp endpoint = Mails.with(Mails.secure(smtp.port(), Security.STARTTLS, CA.pem()),
                new Login.PopBeforeSmtp("127.0.0.1", pop3.port(), Security.STARTTLS, "shop", PASSWORD, Duration.ZERO,
                        Duration.ZERO));
        assertThat(Mails.refusal(send(endpoint)).step()).isEqualTo(Step.Certificate);
        assertThat(pop3.commands()).containsExactly("STLS");
    }

    @Test
    void oneLoginIsEnoughForItsTimeAndForAllWhoWait() throws Exception {
        Endpoint.Smtp endpoint = endpoint(pop3.port(), Security.NONE, PASSWORD);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Attempt>> sent = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                sent.add(threads.submit(() -> send(endpoint)));
            }
            for (Future<Attempt> attempt : sent) {
                assertAccepted(attempt.get());
            }
        }
        assertThat(pop3.commands()).containsExactly("USER shop", "PASS " + PASSWORD, "QUIT");
        now = now.plus(Duration.ofMinutes(10));
        assertAccepted(send(endpoint));
        assertThat(pop3.commands()).hasSize(6);
    }

    @Test
    void aRefusalAfterARememberedLoginIsNotTheLastWord() {
        Endpoint.Smtp endpoint = endpoint(pop3.port(), Security.NONE, PASSWORD);
        assertAccepted(send(endpoint));
        smtp.on("RCPT", "554 5.7.1 Relay access denied");

        Verdict.Refused forgotten = Mails.refusal(send(endpoint));
        Verdict.Refused last = Mails.refusal(send(endpoint));

        assertThat(forgotten.permanent()).isFalse();
        assertThat(forgotten.message()).endsWith("; the next attempt logs in at the POP3 server anew");
        assertThat(last.permanent()).isTrue();
        assertThat(pop3.commands()).filteredOn(line -> line.startsWith("USER")).hasSize(2);
    }
}
