package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a stand-in that answers as Microsoft documents sendMail and its token endpoint. */
final class GraphUpstreamTest {
    private static final String MAIL = String.join("\r\n", "From: shop@contoso.com", "To: Ann <ann@example.com>",
            "Cc: bob@example.com", "Subject: hi", "", "hello", "");
    private final List<String> requests = new ArrayList<>();
    private final List<String> mails = new ArrayList<>();
    private final Deque<String> answers = new ArrayDeque<>();
    private HttpServer server;
    private GraphUpstream upstream;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        String base = "http://127.0.0.1:" + server.getAddress().getPort();
        upstream = new GraphUpstream(new Endpoint.Graph("contoso.com", "shop@contoso.com", "the-client", "the-secret"),
                new GraphUpstream.Service(base, base),
                new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        byte[] body = exchange.getRequestBody().readAllBytes();
        requests.add(path);
        String[] answer;
        if (path.endsWith("/token")) {
            answer = new String[]{"200", "{\"access_token\":\"token-" + requests.size() + "\",\"expires_in\":3600}"};
        } else {
            mails.add(new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8));
            answer = answers.isEmpty() ? new String[]{"202", ""} : answers.remove().split(" ", 2);
        }
        byte[] out = answer[1].getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(Integer.parseInt(answer[0]), out.length == 0 ? -1 : out.length);
        exchange.getResponseBody().write(out);
        exchange.close();
    }

    @Test
    void sendsTheMessageAsItIs() {
        Attempt attempt = upstream.send(Mails.envelope("ann@example.com", "Bob@example.com"), Mails.text(MAIL));

        assertThat(attempt.verdicts().values()).hasSize(2).allMatch(Verdict.Accepted.class::isInstance);
        assertThat(requests).containsExactly("/contoso.com/oauth2/v2.0/token",
                "/v1.0/users/shop%40contoso.com/sendMail");
        assertThat(mails).containsExactly(MAIL);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            400 {"error":{"code":"ErrorInvalidRecipients","message":"bad"}} | MessageRejected | true  | ErrorInvalidRecipients bad
            403 {"error":{"code":"ErrorAccessDenied","message":"no"}}       | SenderRejected  | false | Mail.Send
            404 {"error":{"code":"ErrorInvalidUser","message":"no"}}        | SenderRejected  | false | spec.microsoftGraph.mailbox
            429 {"error":{"code":"ApplicationThrottled","message":"wait"}}  | MessageRejected | false | 429 ApplicationThrottled
            503 <html>                                                      | MessageRejected | false | cannot take the message now
            """)
    void tellsWhatGraphSaid(String answer, Step step, boolean permanent, String message) {
        answers.add(answer);

        Attempt attempt = upstream.send(Mails.envelope("ann@example.com", "bob@example.com"), Mails.text(MAIL));

        assertThat(attempt.verdicts().get("ann@example.com")).isInstanceOfSatisfying(Verdict.Refused.class, refused -> {
            assertThat(refused.step()).isEqualTo(step);
            assertThat(refused.permanent()).isEqualTo(permanent);
            assertThat(refused.message()).contains(message).doesNotContain("the-secret", "token-1");
        });
    }

    @Test
    void fetchesAnotherTokenOnceWhenOneIsRefused() {
        answers.add("401 {}");

        Attempt attempt = upstream.send(Mails.envelope("ann@example.com", "bob@example.com"), Mails.text(MAIL));

        assertThat(attempt.verdicts().get("bob@example.com")).isInstanceOf(Verdict.Accepted.class);
        assertThat(requests).filteredOn(path -> path.endsWith("/token")).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"ann@example.com", "ann@example.com;bob@example.com;eve@example.com", "eve@example.com"})
    void neverSendsToOthersThanTheEnvelopeNames(String recipients) {
        Attempt attempt = upstream.send(Mails.envelope(recipients.split(";", -1)), Mails.text(MAIL));

        assertThat(attempt.verdicts().values())
                .allSatisfy(v -> assertThat(v).isInstanceOfSatisfying(Verdict.Refused.class,
                        refused -> assertThat(refused.step()).isEqualTo(Step.RecipientRejected)));
        assertThat(mails).isEmpty();
    }
}
