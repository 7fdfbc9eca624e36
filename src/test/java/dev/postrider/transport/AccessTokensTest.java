package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Access tokens, from a stand-in for the token endpoint. */
final class AccessTokensTest {
    private static final String SECRET = "client-s3cret+/=";

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final CountDownLatch release = new CountDownLatch(1);
    private final AccessTokens tokens = new AccessTokens(() -> now, Duration.ofSeconds(2), true);
    private final HttpServer http = newServer();
    private volatile int status = 200;
    private volatile String type = "application/json";
    private volatile String body = "";
    private volatile boolean hang;

    private static HttpServer newServer() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void start() {
        http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        http.createContext("/token", exchange -> {
            try (exchange) {
                requests.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                if (hang) {
                    release.await();
                }
                String text = body.isEmpty()
                        ? "{\"access_token\":\"t" + requests.size()
                                + "\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
                        : body;
                byte[] answer = text.getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Content-Type", type);
                exchange.getResponseHeaders().add("Location", "/elsewhere");
                exchange.sendResponseHeaders(status, answer.length);
                exchange.getResponseBody().write(answer);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        http.start();
    }

    @AfterEach
    void stop() {
        release.countDown();
        http.stop(0);
    }

    private Login.OAuth2 login() {
        return new Login.OAuth2("shop@example.com", "http://localhost:" + http.getAddress().getPort() + "/token",
                "https://mail.example.com/.default offline", "client-1", SECRET);
    }

    @Test
    void aTokenIsAskedForByTheClientCredentialsGrant() throws RefusedException {
        assertThat(tokens.token(login())).isEqualTo("t1");
        assertThat(requests.getFirst().split("&")).containsExactlyInAnyOrder("grant_type=client_credentials",
                "client_id=client-1", "client_secret=client-s3cret%2B%2F%3D",
                "scope=https%3A%2F%2Fmail.example.com%2F.default+offline");
    }

    @Test
    void itIsKeptUntilAMinuteBeforeItExpires() throws RefusedException {
        tokens.token(login());
        now = now.plusSeconds(3539);
        assertThat(tokens.token(login())).isEqualTo("t1");
        now = now.plusSeconds(1);
        assertThat(tokens.token(login())).isEqualTo("t2");
    }

    @Test
    void whoDoesNotKnowTheSecretGetsNoTokenOfAnother() throws RefusedException {
        tokens.token(login());
        Login.OAuth2 other = new Login.OAuth2("shop@example.com", login().tokenEndpoint(), login().scopes(), "client-1",
                "guess");
        assertThat(tokens.token(other)).isEqualTo("t2");
    }

    @Test
    void howeverManyWaitItIsFetchedOnce() throws Exception {
        hang = true;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> waiting = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                waiting.add(threads.submit(() -> tokens.token(login())));
            }
            await().until(() -> requests.size() == 1);
            release.countDown();
            for (Future<String> token : waiting) {
                assertThat(token.get()).isEqualTo("t1");
            }
        }
        assertThat(requests).hasSize(1);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            401 | {"error":"invalid_client","error_description":"AADSTS7000215: bad secret client-s3cret+/= given"} | refused (HTTP 401): invalid_client, AADSTS7000215: bad secret *** given
            400 | {"error":"invalid_scope"}                        | refused (HTTP 400): invalid_scope
            503 | {}                                               | refused (HTTP 503): no error code
            200 | <html>Sign in</html>                             | answered HTTP 200 without JSON
            200 | []                                               | answered HTTP 200 without JSON
            302 | {"access_token":"x"}                             | answered with a redirect (HTTP 302), which is not followed
            200 | {"access_token":""}                              | without a bearer token
            200 | {"access_token":"a\\u0001b"}                     | without a bearer token
            200 | {"access_token":"x","token_type":"mac"}          | without a bearer token
            """)
    // @formatter:on
    void aFailureTellsWhatTheEndpointSaid(int answer, String text, String message) {
        status = answer;
        body = text;
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> tokens.token(login()))
                .satisfies(e -> assertThat(e.verdict().step()).isEqualTo(Step.Authentication))
                .satisfies(e -> assertThat(e.getMessage()).contains(login().tokenEndpoint(), message)
                        .doesNotContain(SECRET));
        assertThat(requests).hasSize(1);
    }

    @Test
    void anAnswerWithoutEndIsCut() {
        body = "{\"access_token\":\"" + "x".repeat(1_000_000) + "\"}";
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> tokens.token(login()))
                .withMessageContaining("cannot be asked");
    }

    @Test
    void anEndpointThatHangsTimesOut() {
        hang = true;
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> tokens.token(login()))
                .withMessageContaining("took longer than 2s");
    }

    @Test
    void afterAFailureItIsTriedAgain() throws RefusedException {
        body = "{}";
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> tokens.token(login()));
        body = "";
        assertThat(tokens.token(login())).isEqualTo("t2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://login.example.com/token", "http://localhost.example.com/token",
            "file:///etc/passwd",
            "https://user:pw@login.example.com/", "https:///token", "not a url"})
    void onlyHttpsIsAsked(String endpoint) {
        Login.OAuth2 login = new Login.OAuth2("a", endpoint, "s", "c", SECRET);
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> tokens.token(login))
                .withMessageContaining("is not an https URL");
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> new AccessTokens().token(login()))
                .withMessageContaining("is not an https URL");
        assertThat(requests).isEmpty();
    }

    /** The login itself, at an SMTP server. */
    private Attempt sendThrough(ScriptedSmtpServer server, TestCertificates authority) {
        return Mails.send(Mails.with(Mails.secure(server.port(), Security.STARTTLS, authority.pem()), login()), tokens);
    }

    @Test
    void aTokenLogsInByXoauth2() {
        TestCertificates authority = new TestCertificates("Test CA");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(authority.server("localhost"))) {
            server.login("shop@example.com", "t1", "PLAIN", "LOGIN", "XOAUTH2");
            Attempt attempt = sendThrough(server, authority);
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.dialogue()).contains("C: AUTH XOAUTH2 ***");
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
            assertThat(Mails.refusal(refused).message()).contains("refused user \"shop@example.com\": 535 5.7.8",
                    "oauth2.user");
            assertThat(requests).hasSize(3);
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
