package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that wants the login of whoever submits, while nobody does. */
@Tag("upstreams")
final class SubmitterServerTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private static Login.Submitter submitter(SaslMechanism... mechanisms) {
        return new Login.Submitter(List.of(mechanisms), Optional.empty(), Duration.ofMinutes(5), Optional.empty());
    }

    private static TestResult test(Endpoint endpoint) {
        return new TestSender(new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY), InstantSource.system())
                .send(new TestMail(Mails.route(endpoint), new Address("a@b.example", Optional.empty()),
                        Optional.empty(), "a@b.example", "x@y.example", "MailServer shop/own"));
    }

    @Test
    void theTestEndsWithTheOfferOfAuthAndSendsNothing() {
        server.startTls(CA.server("localhost")).account("alice", "geheim");
        TestResult result = test(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()), submitter()));

        assertThat(result.failure()).isEmpty();
        assertThat(result.tls()).isPresent();
        assertThat(result.reply().orElse("")).contains("AUTH PLAIN");
        assertThat(server.commands()).noneMatch(command -> command.startsWith("AUTH") || command.startsWith("MAIL"));
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            STARTTLS            | PLAIN |                  | offers no authentication
            STARTTLS            |       | CRAM-MD5         | it takes PLAIN; the server offers CRAM-MD5
            NONE                | PLAIN | PLAIN            | is not spoken to by TLS, and a login is never sent in the clear
            STARTTLS_IF_OFFERED | PLAIN | PLAIN            | does not offer STARTTLS, and a login is never sent in the clear
            """)
    // @formatter:on
    void theTestSaysWhyNobodyCouldLogIn(Security security, SaslMechanism mechanism, String offered, String message) {
        if (security == Security.STARTTLS) {
            server.startTls(CA.server("localhost"));
        }
        if (offered != null) {
            server.login("alice", "geheim", offered);
        }
        Login login = mechanism == null ? submitter(SaslMechanism.PLAIN) : submitter(mechanism);
        TestResult result = test(Mails.with(Mails.secure(server.port(), security, CA.pem()), login));

        assertThat(result.failure()).hasValueSatisfying(failure -> {
            assertThat(failure.step()).isEqualTo(Step.Authentication);
            assertThat(failure.message()).contains(message);
        });
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void noMailIsSentWithoutALogin() {
        Attempt attempt = Mails.send(Mails.with(Mails.plain(server.port()), submitter()));

        assertThat(Mails.refusal(attempt).message())
                .contains("takes mail only with the login of whoever submits it");
        assertThat(server.connections()).isZero();
    }

    @Test
    void aPasswordNeverGoesInTheClearUnlessThatIsAllowed() {
        server.account("alice", "geheim");
        Endpoint.Smtp plain = Mails.with(Mails.plain(server.port()), submitter());
        Attempt attempt = Mails.send(plain.as(new Login.Credentials("alice", "geheim")));

        assertThat(Mails.refusal(attempt).message()).contains("a login is never sent in the clear");
        assertThat(server.commands()).noneMatch(command -> command.startsWith("AUTH"));
    }
}
