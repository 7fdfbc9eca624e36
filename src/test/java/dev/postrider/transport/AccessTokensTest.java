package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.SaslMechanism;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.ScriptedTokenEndpoint;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Access tokens, from a stand-in for the token endpoint. */
@Tag("upstreams")
final class AccessTokensTest {
    private static final String SECRET = "client-s3cret+/=";

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final AccessTokens tokens = new AccessTokens(() -> now, Duration.ofSeconds(2), true);
    private final ScriptedTokenEndpoint endpoint = ScriptedTokenEndpoint.start();

    @AfterEach
    void stop() {
        endpoint.close();
    }

    private TokenSource source(TokenSource.Grant grant) {
        return new TokenSource(endpoint.url(), Optional.of("https://mail.example.com/.default offline"), grant);
    }

    private TokenSource source() {
        return source(new TokenSource.ClientSecret("client-1", SECRET));
    }

    private Login.OAuth2 login(SaslMechanism... mechanisms) {
        return new Login.OAuth2("shop@example.com", source(), List.of(mechanisms));
    }

    @Test
    void aTokenIsAskedForByTheClientCredentialsGrant() throws RefusedException {
        assertThat(tokens.token(source(), LoopbackUpstreams.POLICY)).isEqualTo("t1");
        assertThat(endpoint.requests()).containsExactly(Map.of("grant_type", "client_credentials", "client_id",
                "client-1", "client_secret", SECRET, "scope", "https://mail.example.com/.default offline"));
    }

    @Test
    void itIsKeptUntilAMinuteBeforeItExpires() throws RefusedException {
        tokens.token(source(), LoopbackUpstreams.POLICY);
        now = now.plusSeconds(3539);
        assertThat(tokens.token(source(), LoopbackUpstreams.POLICY)).isEqualTo("t1");
        now = now.plusSeconds(1);
        assertThat(tokens.token(source(), LoopbackUpstreams.POLICY)).isEqualTo("t2");
    }

    @Test
    void whoDoesNotKnowTheSecretGetsNoTokenOfAnother() throws RefusedException {
        tokens.token(source(), LoopbackUpstreams.POLICY);
        assertThat(tokens.token(source(new TokenSource.ClientSecret("client-1", "guess")), LoopbackUpstreams.POLICY))
                .isEqualTo("t2");
    }

    @Test
    void howeverManyWaitItIsFetchedOnce() throws Exception {
        endpoint.hold();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> waiting = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                waiting.add(threads.submit(() -> tokens.token(source(), LoopbackUpstreams.POLICY)));
            }
            await().until(() -> endpoint.requests().size() == 1);
            endpoint.release();
            for (Future<String> token : waiting) {
                assertThat(token.get()).isEqualTo("t1");
            }
        }
        assertThat(endpoint.requests()).hasSize(1);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            401 | {"error":"invalid_client","error_description":"AADSTS7000215: bad secret client-s3cret+/= given"} | refused (HTTP 401): invalid_client, AADSTS7000215: bad secret *** given; the client secret is wrong: put the secret's value, not its id
            400 | {"error":"invalid_scope"}                        | refused (HTTP 400): invalid_scope
            503 | {}                                               | answered as no token endpoint does
            200 | <html>Sign in</html>                             | answered as no token endpoint does
            200 | []                                               | answered as no token endpoint does
            302 | {"access_token":"x"}                             | answered with a redirect, which is not followed
            200 | {"access_token":""}                              | without a bearer token
            200 | {"access_token":"a\\u0001b"}                     | without a bearer token
            200 | {"access_token":"x","token_type":"mac"}          | without a bearer token
            """)
    // @formatter:on
    void aFailureTellsWhatTheEndpointSaid(int answer, String text, String message) {
        endpoint.answer(answer, text);
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY))
                .satisfies(e -> assertThat(e.verdict().step()).isEqualTo(Step.Authentication))
                .satisfies(e -> assertThat(e.getMessage()).contains(endpoint.url(), message)
                        .doesNotContain(SECRET));
        assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void anAnswerWithoutEndIsCut() {
        endpoint.answer(200, "{\"access_token\":\"" + "x".repeat(1_000_000) + "\"}");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY))
                .withMessageContaining("cannot be asked");
    }

    @Test
    void anEndpointThatHangsTimesOut() {
        endpoint.hold();
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY))
                .withMessageContaining("took longer than 2s");
    }

    @Test
    void anEndpointThatAnswersWithoutEndTimesOut() {
        endpoint.drip();
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY))
                .withMessageContaining("took longer than 2s");
    }

    @Test
    void anEndpointThatQuotesWhatItGotIsNotQuoted() {
        endpoint.answer(400, "{\"error\":\"invalid_request\",\"error_description\":\"bad form: client_id=client-1"
                + "&client_secret=client-s3cret%2B%2F%3D or " + SECRET + "\"}");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY))
                .withMessageContaining("client_id=client-1&client_secret=*** or ***");
    }

    @Test
    void afterAFailureItIsTriedAgain() throws RefusedException {
        endpoint.answer(200, "{}");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source(), LoopbackUpstreams.POLICY));
        endpoint.answer(200, "");
        assertThat(tokens.token(source(), LoopbackUpstreams.POLICY)).isEqualTo("t2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://login.example.com/token", "http://localhost.example.com/token",
            "file:///etc/passwd",
            "https://user:pw@login.example.com/", "https:///token", "not a url"})
    void onlyHttpsIsAsked(String url) {
        TokenSource source = new TokenSource(url, Optional.empty(), new TokenSource.ClientSecret("c", SECRET));
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> tokens.token(source, LoopbackUpstreams.POLICY))
                .withMessageContaining("is not an https URL");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> new AccessTokens().token(source, LoopbackUpstreams.POLICY))
                .withMessageContaining("is not an https URL");
        assertThat(endpoint.requests()).isEmpty();
    }

    /** The login itself, at an SMTP server. */
    private Attempt sendThrough(ScriptedSmtpServer server, TestCertificates authority, SaslMechanism... mechanisms) {
        return Mails.send(
                Mails.with(Mails.secure(server.port(), Security.STARTTLS, authority.pem()), login(mechanisms)), tokens);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            PLAIN LOGIN XOAUTH2             |             | XOAUTH2
            PLAIN LOGIN OAUTHBEARER         |             | OAUTHBEARER
            PLAIN LOGIN OAUTHBEARER XOAUTH2 |             | XOAUTH2
            PLAIN LOGIN OAUTHBEARER XOAUTH2 | OAUTHBEARER | OAUTHBEARER
            """)
    // @formatter:on
    void aTokenLogsInByWhatTheServerOffersOrByWhatIsDeclared(String offered, SaslMechanism declared, String used) {
        TestCertificates authority = new TestCertificates("Test CA");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(authority.server("localhost"))) {
            server.login("shop@example.com", "t1", offered.split(" "));
            Attempt attempt = sendThrough(server, authority,
                    declared == null ? new SaslMechanism[0] : new SaslMechanism[]{declared});
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.dialogue()).contains("C: AUTH " + used + " ***");
        }
    }

    @Test
    void aLongTokenGoesWithoutTheInitialResponse() {
        String token = "x".repeat(4000);
        endpoint.answer(200, "{\"access_token\":\"" + token + "\"}");
        TestCertificates authority = new TestCertificates("Test CA");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(authority.server("localhost"))) {
            server.login("shop@example.com", token, "XOAUTH2");
            Attempt attempt = sendThrough(server, authority);
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(server.commands()).contains("AUTH XOAUTH2");
            assertThat(attempt.dialogue()).doesNotContain("xxxx");
        }
    }

    @Test
    void aTokenThatIsRefusedIsFetchedAnewOnce() {
        TestCertificates authority = new TestCertificates("Test CA");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(authority.server("localhost"))) {
            server.login("shop@example.com", "t2", "XOAUTH2");
            assertThat(sendThrough(server, authority).verdicts().get("rcpt@example.com"))
                    .isInstanceOf(Verdict.Accepted.class);
            server.login("shop@example.com", "never", "XOAUTH2");
            Attempt refused = sendThrough(server, authority);
            assertThat(Mails.refusal(refused).message()).contains(
                    "refused user \"shop@example.com\" by XOAUTH2: 535 5.7.8",
                    "oauth2.user");
            assertThat(endpoint.requests()).hasSize(3);
        }
    }

    @Test
    void aPasswordMechanismNeverGetsTheToken() {
        TestCertificates authority = new TestCertificates("Test CA");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(authority.server("localhost"))) {
            server.login("shop@example.com", "t1", "PLAIN", "LOGIN", "CRAM-MD5");
            Attempt attempt = sendThrough(server, authority);
            assertThat(Mails.refusal(attempt).message()).contains("XOAUTH2");
            assertThat(server.commands()).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
        }
    }
}
