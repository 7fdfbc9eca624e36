package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
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
        assertThat(told).doesNotContain(PASSWORD, base64(PASSWORD), base64("\0shop\0" + PASSWORD),
                base64("shop"));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-256", "CRAM-MD5 PLAIN",
            "GSSAPI LOGIN XOAUTH2"})
    void aPasswordLogsInByWhatTheServerOffers(String mechanisms) {
        Endpoint.Smtp endpoint = encrypted("geheim-4711");
        server.login("shop", "geheim-4711", mechanisms.split(" "));
        Attempt attempt = Mails.send(endpoint);
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.dialogue()).contains("C: AUTH ", "S: 235 2.7.0 welcome")
                .doesNotContain("geheim", base64("geheim-4711"), base64("shop"), base64("\0shop\0geheim-4711"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-256"})
    void aWrongPasswordIsSaidWithoutShowingIt(String mechanism) {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", "other", mechanism);
        Attempt attempt = Mails.send(endpoint);
        assertThat(Mails.refusal(attempt)).returns(Step.Authentication, Verdict.Refused::step)
                .returns(false, Verdict.Refused::permanent)
                .returns("Authentication: localhost:" + server.port()
                        + " refused user \"shop\" by " + mechanism + ": 535 5.7.8 authentication failed; user name or "
                        + "password is wrong, or this account may not log in so; check username and password in the "
                        + "Secret, and that the account may send by SMTP", Verdict.Refused::message);
        assertNoSecret(attempt);
        assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            LOGIN PLAIN NTLM CRAM-MD5 DIGEST-MD5 SCRAM-SHA-256 |                       | SCRAM-SHA-256
            LOGIN PLAIN NTLM CRAM-MD5 DIGEST-MD5               |                       | DIGEST-MD5
            LOGIN PLAIN NTLM CRAM-MD5                          |                       | CRAM-MD5
            LOGIN PLAIN NTLM                                   |                       | NTLM
            LOGIN PLAIN                                        |                       | PLAIN
            login plain                                        |                       | PLAIN
            LOGIN PLAIN NTLM CRAM-MD5 DIGEST-MD5 SCRAM-SHA-256 | PLAIN                 | PLAIN
            LOGIN PLAIN CRAM-MD5 DIGEST-MD5                    | SCRAM_SHA_256 CRAM_MD5 | CRAM-MD5
            SCRAM-SHA-256-PLUS XOAUTH2 LOGIN                   |                       | LOGIN
            """)
    // @formatter:on
    void theStrongestThatIsOfferedIsUsedOrTheFirstThatIsDeclared(String offered, String declared, String used) {
        server.startTls(CA.server("localhost"));
        server.login("shop", "geheim-4711", offered.split(" "));
        List<SaslMechanism> mechanisms = declared == null
                ? List.of()
                : Stream.of(declared.split(" ")).map(SaslMechanism::valueOf).toList();
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password("shop", "geheim-4711", mechanisms, Optional.empty())));
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(server.commands()).filteredOn(line -> line.startsWith("AUTH "))
                .singleElement()
                .satisfies(line -> assertThat(line.split(" ", 3)[1]).isEqualTo(used));
    }

    @Test
    void noMechanismButTheDeclaredOnesIsUsed() {
        server.startTls(CA.server("localhost"));
        server.login("shop", "geheim-4711", "PLAIN", "LOGIN");
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password("shop", "geheim-4711", List.of(SaslMechanism.SCRAM_SHA_256), Optional.empty())));
        assertThat(Mails.refusal(attempt).message()).contains("it takes SCRAM-SHA-256; the server offers PLAIN, LOGIN");
        assertThat(server.commands()).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-256"})
    void userAndPasswordMayBeLong(String mechanism) {
        String user = "u".repeat(300);
        String password = "p4".repeat(400);
        server.startTls(CA.server("localhost"));
        server.login(user, password, mechanism);
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password(user, password)));
        assertThat(attempt.verdicts().get("rcpt@example.com")).as(attempt.toString())
                .isInstanceOf(Verdict.Accepted.class);
        assertThat(attempt.dialogue()).doesNotContain(user, password);
        // RFC 4954 section 4: what is longer goes without the initial response.
        assertThat(server.commands()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(510));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-256"})
    void passwordsOutsideOfAsciiLogIn(String mechanism) {
        server.startTls(CA.server("localhost"));
        server.login("shop", PASSWORD, mechanism);
        assertThat(Mails.send(encrypted(PASSWORD)).verdicts().get("rcpt@example.com"))
                .isInstanceOf(Verdict.Accepted.class);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            acme.example                |              |
            acme.example globex.example | acme.example |
            acme.example globex.example |              | the server offers several realms (acme.example, globex.example), and no realm is declared; set spec.smtp.authentication.password.realm to one of them
            acme.example globex.example | initech      | the server offers the realms acme.example, globex.example, but not the declared "initech"; set spec.smtp.authentication.password.realm to one of them
            """)
    // @formatter:on
    void aRealmIsNeededOnlyWhereSeveralAreOffered(String offered, String declared, String message) {
        server.startTls(CA.server("localhost"));
        server.login("shop", "geheim-4711", "DIGEST-MD5").realms(offered);
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password("shop", "geheim-4711", List.of(), Optional.ofNullable(declared))));
        if (message == null) {
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        } else {
            assertThat(Mails.refusal(attempt).message()).contains(message);
            assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ACME\\shop", "shop"})
    void ntlmTakesTheDomainFromUserOrRealm(String user) {
        server.startTls(CA.server("localhost"));
        server.login("shop", "geheim-4711", "NTLM").realms("ACME");
        Attempt attempt = Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, CA.pem()),
                new Login.Password(user, "geheim-4711", List.of(), Optional.of("ACME"))));
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            SCRAM-SHA-256 | 235 2.7.0 come in                          | without proving that it knows the password
            SCRAM-SHA-256 | 334 cj1ub25jZSxzPWFiYyxpPTE=               | does not keep to the mechanism
            SCRAM-SHA-256 | 334 !!!                                    | does not keep to the mechanism
            DIGEST-MD5    | 235 2.7.0 come in                          | without proving that it knows the password
            DIGEST-MD5    | 334 cmVhbG09                               | does not keep to the mechanism
            CRAM-MD5      | 235 2.7.0 come in                          | without proving that it knows the password
            NTLM          | 334 AAAA                                   | does not keep to the mechanism
            """)
    // @formatter:on
    void aServerThatCheatsGetsNoMail(String mechanism, String reply, String message) {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, mechanism).on("AUTH", reply);
        Attempt attempt = Mails.send(endpoint);
        assertThat(Mails.refusal(attempt)).returns(Step.Authentication, Verdict.Refused::step)
                .satisfies(refused -> assertThat(refused.message()).contains(message));
        assertNoSecret(attempt);
        assertThat(server.commands()).noneMatch(line -> line.startsWith("MAIL"));
    }

    @Test
    void aPasswordThatScramForbidsIsNotTheServersFault() {
        server.startTls(CA.server("localhost"));
        server.login("shop", "bell\u0007", "SCRAM-SHA-256");
        assertThat(Mails.refusal(Mails.send(encrypted("bell\u0007"))).message())
                .contains("user or password has characters that SASLprep (RFC 4013) forbids");
    }

    @Test
    void aServerThatAsksWithoutEndIsCancelled() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        String asking = "334 VXNlcm5hbWU6\r\n".repeat(20);
        server.login("shop", PASSWORD, "XOAUTH2", "LOGIN").on("AUTH", asking + "334 x");
        assertThat(Mails.refusal(Mails.send(endpoint)).message()).contains("asked for more than user and password");
    }

    @Test
    void theAnswerOfAServerThatMayNotCheckByThisMechanismTellsOfAnother() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", "other", "DIGEST-MD5", "PLAIN");
        assertThat(Mails.refusal(Mails.send(endpoint)).message())
                .endsWith("; where the server cannot check this user by DIGEST-MD5, set mechanisms to PLAIN");
    }

    @Test
    @Tag("delivery-world")
    void tooManyConnectionsAreNoReasonForAWeakerLogin() {
        Endpoint.Smtp endpoint = encrypted(PASSWORD);
        server.login("shop", PASSWORD, "DIGEST-MD5", "PLAIN")
                .on("AUTH", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending");
        assertThat(Mails.refusal(Mails.send(endpoint)).message())
                .contains("spec.smtp.maxConnections")
                .doesNotContain("mechanisms", "PLAIN;", "username and password");
    }

    @Test
    void aServerThatEchoesThePasswordIsNotQuoted() {
        String password = "geheim-4711";
        Endpoint.Smtp endpoint = encrypted(password);
        server.login("shop", password, "PLAIN")
                .on("AUTH", line -> "535 5.7.8 wrong: " + line + " that is " + password);
        Attempt attempt = Mails.send(endpoint);
        assertThat(attempt.toString()).doesNotContain(password, base64("\0shop\0" + password))
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
