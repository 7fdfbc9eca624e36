package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SmtpLoginTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String PASSWORD = "gehe\u00edm-4711";

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    private Endpoint.Smtp encrypted(String password) {
        server.startTls(CA.server("localhost"));
        return Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password("shop", password));
    }

    private static void assertNoSecret(Attempt attempt) {
        String told = attempt.toString();
        assertThat(told).doesNotContain(PASSWORD, base64(PASSWORD), base64("shop\0shop\0" + PASSWORD),
                base64("shop"));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "CRAM-MD5 PLAIN", "GSSAPI LOGIN XOAUTH2"})
    void aPasswordLogsInByWhatTheServerOffers(String mechanisms) {
        Endpoint.Smtp endpoint = encrypted("geheim-4711");
        server.login("shop", "geheim-4711", mechanisms.split(" "));
        Attempt attempt = Mails.send(endpoint);
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.dialogue()).contains("C: AUTH ", "S: 235 2.7.0 welcome")
                .doesNotContain("geheim", base64("geheim-4711"), base64("shop"), base64("shop\0shop\0geheim-4711"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"})
    void aWrongPasswordIsSaidWithoutShowingIt(String mechanism) {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", "other", mechanism);
        Attempt attempt = Mails.send(endpoint);
        assertThat(Mails.refusal(attempt)).returns(Step.Authentication, Verdict.Refused::step)
                .returns(false, Verdict.Refused::permanent)
                .returns("Authentication: localhost:" + server.port()
                        + " refused user \"shop\": 535 5.7.8 authentication failed; check username and password in the "
                        + "Secret, and that the account may send by SMTP", Verdict.Refused::message);
        assertNoSecret(attempt);
        assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
    }

    @Test
    void aServerThatEchoesThePasswordIsNotQuoted() {
        String password = "geheim-4711";
        Endpoint.Smtp endpoint = encrypted(password);
        server.login("shop", password, "PLAIN")
                .on("AUTH", line -> "535 5.7.8 wrong: " + line + " that is " + password);
        Attempt attempt = Mails.send(endpoint);
        assertThat(attempt.toString()).doesNotContain(password, base64("shop\0shop\0" + password))
                .contains("that is ***");
    }

    @Test
    void aServerCannotTrickThePasswordIntoTheDialogue() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, "LOGIN").on("AUTH", "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n250 done");
        Attempt attempt = Mails.send(endpoint);
        assertThat(Mails.refusal(attempt).step()).isIn(Step.Authentication, Step.Connection);
        assertNoSecret(attempt);
    }

    @Test
    void inTheClearThePasswordIsShownOnlyWhereNothingBetterIsOffered() {
        server.login("shop", "geheim-4711", "PLAIN", "LOGIN", "CRAM-MD5");
        Attempt attempt = Mails.send(Mails.with(Mails.plain(server.port()), new Login.Password("shop", "geheim-4711")));
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.commands()).contains("AUTH CRAM-MD5");
    }

    @Test
    void aServerWithoutAuthenticationIsNotUsedWithoutLogin() {
        Attempt attempt = Mails.send(encrypted(PASSWORD));
        assertThat(Mails.refusal(attempt).message()).contains("offers no authentication");
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Authentication);
        assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
    }

    @Test
    void aServerWithOnlyOtherMechanismsIsSaid() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, "GSSAPI", "XOAUTH2");
        Attempt attempt = Mails.send(endpoint);
        assertThat(Mails.refusal(attempt).message()).startsWith("Authentication: ").contains("no way to log in");
    }

    @Test
    void aServerThatDiesDuringTheLoginIsAConnectionFailure() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, "PLAIN").on("AUTH", ScriptedSmtpServer.CLOSE);
        assertThat(Mails.refusal(Mails.send(endpoint)).step()).isEqualTo(Step.Connection);
    }

    @Test
    void aServerThatHangsDuringTheLoginTimesOut() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, "PLAIN").on("AUTH", ScriptedSmtpServer.HANG);
        assertThat(Mails.refusal(Mails.send(Mails.impatient(endpoint))).step()).isEqualTo(Step.Timeout);
    }
}
