package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.postrider.relay.telemetry.MeteredUpstreams;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.ScriptedPop3Server;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.ScriptedTokenEndpoint;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.GraphStandIn;
import dev.postrider.transport.GraphEndpoints;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.TestSender;
import dev.postrider.transport.Upstreams;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Servers that say aloud what they were told: nothing of it is in the log, the status, the Events, the dialogue or the
 * metrics, whichever way the login goes and however it ends.
 */
@Tag("upstreams")
final class NoSecretIsToldTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CERTIFICATE = CA.server("localhost");
    private static final TestCertificates.Server CLIENT = CA.rsa("client");
    private static final String PASSWORD = "geheim-4711-Passw0rd";
    private static final String TOKEN = "a.token-4711_that/nobody+sees=";
    private static final String CLIENT_SECRET = "client-4711-s3cret";
    private static final String REFRESH_TOKEN = "refresh-4711-t0ken";

    private final ScriptedSmtpServer smtp = ScriptedSmtpServer.start().startTls(CERTIFICATE);
    private final ScriptedPop3Server pop3 = ScriptedPop3Server.start(CERTIFICATE);
    private final ScriptedTokenEndpoint endpoint = ScriptedTokenEndpoint.start();

    @AfterEach
    void close() {
        smtp.close();
        pop3.close();
        endpoint.close();
    }

    private static String text(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    private GoldenWorld world(String authentication) {
        String keyFile = "{\"client_email\": \"relay@acme.example\", \"private_key_id\": \"k\", \"private_key\": "
                + text(CLIENT.privateKey()) + ", \"token_uri\": \"https://localhost/token\"}";
        return new GoldenWorld("""
                kind: Secret
                metadata: {name: login, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                stringData: {username: shop, password: %1$s, client-id: client-1, client-secret: %2$s,
                  refresh-token: %3$s, tls.crt: %4$s, tls.key: %5$s, key.json: %6$s, ca.crt: %7$s}
                ---
                kind: MailServer
                metadata: {name: own, namespace: acme, generation: 1}
                spec:
                  smtp:
                    host: localhost
                    port: %8$d
                    tls: {caSecretRef: {name: login}}
                    replyTimeout: 2s
                    authentication: {%9$s}
                  test: {recipient: test@acme.example}
                """.formatted(PASSWORD, CLIENT_SECRET, REFRESH_TOKEN, text(CLIENT.certificate()),
                text(CLIENT.privateKey()), text(keyFile), text(CA.pem()), smtp.port(), authentication));
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            PLAIN         | password: {secretRef: {name: login}}
            LOGIN         | password: {secretRef: {name: login}}
            CRAM-MD5      | password: {secretRef: {name: login}}
            DIGEST-MD5    | password: {secretRef: {name: login}}
            NTLM          | password: {secretRef: {name: login}}
            SCRAM-SHA-256 | password: {secretRef: {name: login}}
            none          | popBeforeSmtp: {port: POP3, security: StartTLS, delay: 0s, secretRef: {name: login}}
            XOAUTH2       | oauth2: {tokenEndpoint: "https://localhost/token", user: shop, secretRef: {name: login}}
            OAUTHBEARER   | oauth2: {tokenEndpoint: "https://localhost/token", user: shop, certificateSecretRef: {name: login}}
            XOAUTH2       | oauth2: {user: shop, serviceAccountSecretRef: {name: login}}
            OAUTHBEARER   | oauth2: {tokenEndpoint: "https://localhost/token", user: shop, refreshTokenSecretRef: {name: login}}
            """)
    // @formatter:on
    void whicheverWayTheLoginGoes(String mechanism, String authentication) {
        boolean bearer = mechanism.endsWith("2") || mechanism.endsWith("BEARER");
        String secret = bearer ? TOKEN : PASSWORD;
        smtp.login("shop", secret, mechanism);
        endpoint.answer(200, "{\"access_token\":\"" + TOKEN + "\"}");
        List<String> told = new ArrayList<>();

        told.add(attempt(authentication, true));
        smtp.on("RCPT", _ -> "550 5.7.1 " + String.join(" ", smtp.commands()) + " " + secret);
        told.add(attempt(authentication, false));
        smtp.on("AUTH", line -> "535 5.7.8 " + line + " " + secret);
        pop3.on("PASS", "-ERR " + PASSWORD + " is wrong");
        told.add(attempt(authentication, false));
        smtp.on("AUTH", ScriptedSmtpServer.CLOSE);
        endpoint.answer(401, "{\"error\":\"invalid_client\",\"error_description\":\"you sent %FORM%\"}");
        told.add(attempt(authentication, false));

        assertThat(told).allSatisfy(all -> assertThat(all).doesNotContain(PASSWORD, TOKEN, CLIENT_SECRET, REFRESH_TOKEN,
                base64(PASSWORD), base64("\0shop\0" + PASSWORD),
                base64("user=shop\001auth=Bearer " + TOKEN + "\001\001"),
                "PRIVATE KEY", CLIENT.privateKey().substring(100, 140)));
        endpoint.requests()
                .forEach(form -> form.forEach((name, value) -> {
                    if (name.endsWith("assertion")) {
                        assertThat(told).noneMatch(all -> all.contains(value));
                    }
                }));
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            none      | 0   | true  | 202
            /token    | 401 | false | answered as no token endpoint does
            /token    | 500 | false | answered as no token endpoint does
            /sendMail | 400 | false | 400
            /sendMail | 403 | false | 403
            /sendMail | 429 | false | 429
            /sendMail | 503 | false | 503
            """)
    // @formatter:on
    void microsoftGraphToo(String path, int status, boolean accepted, String says) throws Exception {
        try (GraphStandIn graph = new GraphStandIn()) {
            if (status > 0) {
                for (int i = 0; i < 5; i++) {
                    // Who has a secret may tell it again: the token endpoint the client's, Graph the token.
                    String told = path.equals("/token") ? GraphStandIn.CLIENT_SECRET : "%AUTHORIZATION%";
                    graph.fail(new GraphStandIn.Fault(path, false, status, Map.of("Retry-After", "0"),
                            "{\"error\": {\"code\": \"E\", \"message\": \"you sent " + told
                                    + "\"}, \"error_description\": \"and " + told + "\"}"));
                }
            }
            GoldenWorld world = new GoldenWorld("""
                    kind: Secret
                    metadata: {name: login, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                    stringData: {client-id: %s, client-secret: %s}
                    ---
                    kind: MailServer
                    metadata: {name: own, namespace: acme, generation: 1}
                    spec:
                      microsoftGraph: {tenantId: %s, mailbox: %s, secretRef: {name: login}}
                      test: {recipient: test@acme.example}
                    """.formatted(GraphStandIn.CLIENT_ID, GraphStandIn.CLIENT_SECRET, GraphStandIn.TENANT,
                    GraphStandIn.MAILBOX));
            String told = attempt(world, new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY,
                    new GraphEndpoints(Optional.of(graph.uri()), Optional.of(graph.uri())), ReplyRules::shipped),
                    accepted);

            assertThat(told).contains(says)
                    .doesNotContain(GraphStandIn.CLIENT_SECRET, base64(GraphStandIn.CLIENT_SECRET));
            graph.requestsInFull()
                    .forEach(request -> request.authorization()
                            .ifPresent(
                                    header -> assertThat(told).doesNotContain(header.substring("Bearer ".length()))));
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** One test mail, and everything that anybody gets to see of it. */
    private String attempt(String authentication, boolean accepted) {
        return attempt(world(authentication.replace("POP3", Integer.toString(pop3.port()))), LoopbackUpstreams.open(),
                accepted);
    }

    private String attempt(GoldenWorld world, Upstreams way, boolean accepted) {
        PrintStream err = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        RelayMeters meters = new RelayMeters(registry, 10, InstantSource.system());
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            var server = world.servers.values().iterator().next();
            MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
            TestOrder order = plan.test().orElseThrow(() -> new AssertionError(plan.status().toString()));
            Upstreams upstreams = new MeteredUpstreams(way, meters);
            TestResult result = new TestSender(upstreams, InstantSource.system()).send(here(order.mail()));
            assertThat(result.accepted()).as(result.toString()).isEqualTo(accepted);
            MailServerPlan done = MailServerPlan.of(server, world, TestNews.finished(order, result));
            return String.join("\n", Serialization.asYaml(done.status()), done.notices().toString(), plan.toString(),
                    result.toString(), registry.scrape(), log.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(err);
        }
    }

    /** The token endpoint on this machine speaks no TLS, which no resource could declare. */
    private TestMail here(TestMail mail) {
        ServerRoute route = mail.server();
        if (!(route.endpoint() instanceof Endpoint.Smtp smtpEndpoint)) {
            return mail;
        }
        Optional<Login> login = smtpEndpoint.login()
                .map(declared -> declared instanceof Login.OAuth2 oauth
                        ? new Login.OAuth2(oauth.user(),
                                new TokenSource(endpoint.url(), oauth.tokens().scopes(), oauth.tokens().grant()),
                                oauth.mechanisms())
                        : declared);
        return new TestMail(new ServerRoute(route.key(), route.global(), route.active(),
                new Endpoint.Smtp(smtpEndpoint.host(), smtpEndpoint.port(), smtpEndpoint.security(),
                        smtpEndpoint.tls().certificateAuthorities(), smtpEndpoint.connectTimeout(),
                        smtpEndpoint.replyTimeout(), smtpEndpoint.maxConnections(), login)),
                mail.from(), mail.replyTo(), mail.envelopeFrom(), mail.recipient(), mail.onBehalfOf());
    }
}
