package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.CertificateAuthority;
import dev.postrider.route.RelayCertificate;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Verdict;
import java.util.stream.Collectors;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("relay")
final class RelayTest {
    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final Routes routes = new Routes();
    private SSLContext trust;
    private Relay relay;

    @BeforeEach
    void start() throws Exception {
        trust = TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate());
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(organization("orders", State.OPEN));
        routes.markComplete();
        relay = start(false);
    }

    private Relay start(boolean plaintext) throws Exception {
        return Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, plaintext, RelayConfiguration.DEFAULT.received()), routes, upstreams,
                InstantSource.system());
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    /** A session on the STARTTLS port after STARTTLS and EHLO. */
    private Dialogue secured() throws Exception {
        var client = Dialogue.connect(relay.submissionPort());
        client.say("EHLO client.test");
        assertThat(client.say("STARTTLS")).startsWith("220");
        client.encrypt(trust);
        assertThat(client.say("EHLO client.test")).startsWith("250");
        return client;
    }

    private Dialogue loggedIn() throws Exception {
        var client = secured();
        assertThat(client.login("orders.shop", PASSWORD)).isEqualTo("235 2.7.0 welcome");
        return client;
    }

    @Test
    void takesMailAndDeliversItWithTraceHeaders() throws Exception {
        try (var client = loggedIn()) {
            assertThat(client.mail("a@b.example", "x@y.example", "Subject: it\r\n\r\ntext"))
                    .matches("250 2.0.0 queued as [0-9A-Z]{16}");
        }
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(1));
        assertThat(upstreams.taken().getFirst().content()).matches("(?s)" + """
                Received: from client\\.test \\(\\[127\\.0\\.0\\.1\\]\\)\r
                \tby relay\\.test \\(Postrider\\) with ESMTPSA\r
                \t\\(TLSv1\\.3 TLS_[A-Z0-9_]+\\)\r
                \tid [0-9A-Z]{16}\r
                \tfor <x@y\\.example>; [A-Z][a-z]{2}, [^\r]+ \\+0000\r
                Subject: it\r
                Date: [^\r]+ \\+0000\r
                Message-ID: <[0-9A-Z]{16}@relay\\.test>\r
                \r
                text\r
                """);
    }

    @Test
    void queuesARepeatedSubmissionOnce() throws Exception {
        String mail = "Postrider-Idempotency-Key: order 17\r\nSubject: it\r\n\r\ntext";
        try (var client = loggedIn()) {
            String first = client.mail("a@b.example", "x@y.example", mail);
            assertThat(first).startsWith("250 2.0.0 queued as ");
            assertThat(client.mail("a@b.example", "x@y.example", mail)).isEqualTo(first);
            assertThat(client.mail("a@b.example", "x@y.example", mail.replace("17", "18"))).startsWith("250")
                    .isNotEqualTo(first);
            assertThat(client.mail("a@b.example", "x@y.example", mail.replace("order 17", "")))
                    .isEqualTo("550 5.6.0 Postrider-Idempotency-Key must be there once, with 1 to 255 printable ASCII"
                            + " characters");
        }
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(2));
        await().untilAsserted(() -> assertThat(relay.queued()).isZero());
        assertThat(upstreams.taken()).allSatisfy(
                taken -> assertThat(taken.content()).contains("Subject: it").doesNotContain("Idempotency", "order"));
        assertThat(get("/metrics", TestRoutes.ADMIN_TOKEN).body()).contains("postrider_duplicates_total 1.0");
    }

    @Test
    void reportsAsTheClientAsks() throws Exception {
        upstreams.behave("mx", address -> address.startsWith("a@")
                ? RecordingUpstreams.ACCEPTED
                : RecordingUpstreams.REFUSED);
        try (var client = loggedIn()) {
            assertThat(client.say("MAIL FROM:<a@b.example> RET=FULL ENVID=QQ+2B1")).startsWith("250");
            assertThat(client.say("RCPT TO:<x@y.example> NOTIFY=FAILURE ORCPT=rfc822;old+2Bx@y.example"))
                    .startsWith("250");
            assertThat(client.say("RCPT TO:<z@y.example> NOTIFY=NEVER")).startsWith("250");
            assertThat(client.say("DATA")).startsWith("354");
            assertThat(client.raw("Subject: it\r\n\r\nall of it").say("\r\n.")).startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(1));
        assertThat(upstreams.taken().getFirst().content()).contains("Original-Envelope-Id: QQ+1\r\n",
                "Original-Recipient: rfc822; old+x@y.example\r\nFinal-Recipient: rfc822; x@y.example\r\n",
                "Content-Type: message/rfc822\r\n", "all of it").doesNotContain("z@y.example");
    }

    @Test
    void refusesMailThatGoesRoundInALoop() throws Exception {
        try (var client = loggedIn()) {
            String others = "Received: from a by mx.example; today\r\n";
            String own = "Received: from a ([192.0.2.1])\r\n\tby relay.test (Postrider) with ESMTPSA; today\r\n";
            assertThat(client.mail("a@b.example", "x@y.example", others.repeat(51)))
                    .isEqualTo("554 5.4.6 the message has more than 50 Received fields, so it goes round in a loop");
            assertThat(client.mail("a@b.example", "x@y.example", own.repeat(6)))
                    .isEqualTo("554 5.4.6 the message has come by here more than 5 times, so it goes round in a loop");
            assertThat(client.mail("a@b.example", "x@y.example", own.repeat(5) + others.repeat(45)))
                    .startsWith("250 2.0.0");
        }
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(1));
    }

    @Test
    void speaksTlsFromTheFirstOctetOnItsOtherPort() throws Exception {
        try (var client = Dialogue.silent(relay.submissionsPort())) {
            client.encrypt(trust);
            assertThat(client.reply()).isEqualTo("220 relay.test ESMTP Postrider");
            client.say("EHLO c");
            client.login("orders.shop", PASSWORD);
            assertThat(client.mail("a@b.example", "x@y.example", "\r\n")).startsWith("250");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            orders.shop  ; open sesame  ; 235 2.7.0
            orders.shop  ; open         ; 535 5.7.8 user name or password is wrong
            orders.shop  ; ''           ; 535 5.7.8 user name or password is wrong
            nobody.shop  ; open sesame  ; 535 5.7.8 user name or password is wrong
            orders       ; open sesame  ; 535 5.7.8 user name or password is wrong
            """)
    void checksLogins(String user, String password, String expected) throws Exception {
        try (var client = secured()) {
            assertThat(client.login(user, password)).startsWith(expected);
        }
    }

    @Test
    void takesNoPasswordAndNoMailInTheClear() throws Exception {
        try (var client = Dialogue.connect(relay.submissionPort())) {
            assertThat(client.raw("EHLO c\r\n").wholeReply()).contains("STARTTLS").doesNotContain("AUTH");
            assertThat(client.login("orders.shop", PASSWORD)).startsWith("538 5.7.11");
            assertThat(client.say("MAIL FROM:<a@b.example>")).startsWith("530 5.7.0");
        }
        relay.close();
        relay = start(true);
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO c");
            assertThat(client.login("orders.shop", PASSWORD)).startsWith("235");
        }
    }

    /** CVE-2011-0411 and its like: what was sent in the clear must not be obeyed inside TLS. */
    @Test
    void refusesCommandsPipelinedPastStartTls() throws Exception {
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO c");
            client.raw("STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n");
            assertThat(client.reply()).startsWith("503 5.5.1");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void forgetsTheSessionAtStartTls() throws Exception {
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO c");
            client.say("STARTTLS");
            client.encrypt(trust);
            assertThat(client.login("orders.shop", PASSWORD)).startsWith("503 5.5.1");
            client.say("EHLO c");
            assertThat(client.say("STARTTLS")).startsWith("503 5.5.1");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            OPEN      ; true  ; 250 2.1.0
            OPEN      ; false ; 451 4.3.2
            SUSPENDED ; true  ; 550 5.7.1 sending is switched off for this organization
            CLOSING   ; true  ; 550 5.7.1 this organization is being deleted
            DROPPING  ; true  ; 550 5.7.1 this organization is being deleted
            """)
    void saysAtMailWhereItGoes(State state, boolean serverActive, String expected) throws Exception {
        try (var client = loggedIn()) {
            routes.put(organization("orders", state));
            routes.put(server("mx", true, serverActive, 4));
            assertThat(client.say("MAIL FROM:<a@b.example>")).startsWith(expected);
        }
    }

    @Test
    void refusesAnOrganizationThatWasRemovedMeanwhile() throws Exception {
        try (var client = loggedIn()) {
            routes.removeOrganization(key("orders"));
            assertThat(client.say("MAIL FROM:<a@b.example>")).startsWith("535 5.7.8");
        }
    }

    @Test
    void takesANewCertificateWithoutDroppingSessions() throws Exception {
        RelayCertificate next = CertificateAuthority.generate(InstantSource.system())
                .issue(List.of("localhost"), InstantSource.system());
        try (var before = loggedIn()) {
            RelayRoute route = TestRoutes.relay();
            routes.put(new RelayRoute(false, next.certificateChain(), next.privateKey(), route.adminTokenSha256()));
            Assertions.assertThatThrownBy(this::secured).isInstanceOf(SSLHandshakeException.class);
            trust = TestRoutes.trusting(next.caCertificate());
            loggedIn().close();
            routes.put(new RelayRoute(false, "rubbish", "rubbish", route.adminTokenSha256()));
            loggedIn().close();
            assertThat(before.mail("a@b.example", "x@y.example", "\r\n")).startsWith("250");
        }
    }

    @Test
    void losesNothingWhenItStopsAndStartsAgain() throws Exception {
        CountDownLatch latch = upstreams.hang("mx");
        try (var client = loggedIn()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.mail("a@b.example", i + "@y.example", "\r\n")).startsWith("250");
            }
        }
        relay.stop(Duration.ofMillis(50));
        assertThat(upstreams.taken()).isEmpty();
        latch.countDown();
        relay = start(false);
        assertThat(relay.queued()).isLessThanOrEqualTo(10);
        await().untilAsserted(() -> assertThat(relay.queued()).isZero());
        assertThat(upstreams.taken()).extracting(taken -> taken.envelope().recipients().getFirst())
                .containsExactlyInAnyOrder("0@y.example", "1@y.example", "2@y.example", "3@y.example", "4@y.example",
                        "5@y.example", "6@y.example", "7@y.example", "8@y.example", "9@y.example");
    }

    @Test
    void answersProbesMetricsAndTheOperator() throws Exception {
        routes.put(organization("idle", State.SUSPENDED));
        try (var client = loggedIn()) {
            upstreams.behave("mx", RecordingUpstreams.DEFERRED);
            client.mail("a@b.example", "x@y.example", "\r\n");
        }
        assertThat(get("/healthz", "").statusCode()).isEqualTo(200);
        assertThat(get("/readyz", "").statusCode()).isEqualTo(200);
        assertThat(get("/nothing", "").statusCode()).isEqualTo(404);
        await().untilAsserted(() -> assertThat(get("/metrics", TestRoutes.ADMIN_TOKEN).body()).contains(
                "postrider_accepted_total{organization=\"shop/orders\"} 1.0",
                "postrider_recipients_total{organization=\"shop/orders\",outcome=\"deferred\",server=\"shop/mx\"} 1.0",
                "postrider_queue_messages{organization=\"shop/orders\"} 1.0", "postrider_sessions 0.0"));
        assertThat(get("/queue/shop/orders", "").statusCode()).isEqualTo(401);
        assertThat(get("/queue/shop/orders", "wrong").statusCode()).isEqualTo(401);
        assertThat(get("/queue/shop/orders", TestRoutes.ADMIN_TOKEN).body()).isEqualTo("{\"queued\": 1}\n");
        assertThat(get("/queue/shop/idle", TestRoutes.ADMIN_TOKEN).body()).isEqualTo("{\"queued\": 0}\n");
    }

    @Test
    @Tag("relay")
    void eachAcceptanceAndEachAttemptIsOneLine() throws Exception {
        upstreams.behave("mx", new Verdict.Refused(Step.RecipientRejected, true, Optional.empty(),
                "550 no \"x\"\r\nFORGED delivered"));
        PrintStream err = System.err;
        var log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (var client = loggedIn()) {
            client.mail("a@b.example", "x@y.example", "Subject: secret plan\r\n\r\nsecret text\r\n");
            await().untilAsserted(
                    () -> assertThat(log.toString(StandardCharsets.UTF_8)).contains(" bounced ", " accepted "));
        } finally {
            System.setErr(err);
        }
        List<String> lines = log.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.matches(".* [0-9A-Z]{16} .*") && line.contains("from=<a@b.example>"))
                .toList();
        assertThat(lines).satisfiesExactlyInAnyOrder(
                accepted -> assertThat(accepted).matches(".* - [0-9A-Z]{16} accepted organization=shop/orders"
                        + " from=<a@b.example> recipients=1 size=[0-9]+ client=127.0.0.1 tls=true"
                        + " duration=[0-9]+\\.[0-9]{3}"),
                bounced -> assertThat(bounced).matches(".* - [0-9A-Z]{16} bounced organization=shop/orders"
                        + " from=<a@b.example> to=<x@y.example> size=[0-9]+ server=shop/mx attempt=1"
                        + " duration=[0-9.]+ age=[0-9.]+ reply=\"550 no \\\\\"x\\\\\"\\\\r\\\\nFORGED delivered\""));
        assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain("secret", PASSWORD);
    }

    @Test
    void isNotReadyBeforeTheRoutesAreKnown() throws Exception {
        relay.close();
        relay = Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()), new Routes(), upstreams,
                InstantSource.system());
        HttpResponse<String> response = get("/readyz", "");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).isEqualTo("the routes are not all known yet\n");
    }

    private HttpResponse<String> get(String path, String token) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + path));
            if (!token.isEmpty()) {
                request.header("Authorization", "Bearer " + token);
            }
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void servesTheClientsPeopleHave(TestReporter reporter) throws Exception {
        Path ca = Files.writeString(directory.resolve("ca.crt"), TestRoutes.CERTIFICATE.caCertificate());
        int expected = 0;
        if (InstalledProgram.SWAKS.isUsableFor("mail sent by swaks")) {
            run("swaks", "--server", "127.0.0.1", "--port", String.valueOf(relay.submissionPort()), "--tls", "--auth",
                    "LOGIN", "--auth-user", "orders.shop", "--auth-password", PASSWORD, "--from", "a@b.example", "--to",
                    "x@y.example", "--ehlo", "client.test");
            expected++;
        }
        if (InstalledProgram.PYTHON.isUsableFor("mail sent by Python")) {
            run("python3", "-c", """
                    import smtplib, ssl, sys
                    context = ssl.create_default_context(cafile=sys.argv[2])
                    with smtplib.SMTP_SSL('localhost', int(sys.argv[1]), context=context) as s:
                        s.login('orders.shop', sys.argv[3])
                        s.sendmail('a@b.example', ['x@y.example'], 'Subject: p\\n\\n.dot\\n')
                    """, String.valueOf(relay.submissionsPort()), ca.toString(), PASSWORD);
            expected++;
        }
        reporter.publishEntry("clients used", expected + " of swaks, python3");
        int count = expected;
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(count));
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).describedAs(output).isZero();
    }

    private static OrganizationRoute limited(long octets, WhenTooLarge whenTooLarge) {
        OrganizationRoute plain = organization("orders", State.OPEN);
        return new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                plain.from(), plain.envelopeFrom(), plain.webhook(),
                Optional.of(new SizeLimit(Optional.of(octets), whenTooLarge)));
    }

    @Test
    @Tag("upstreams")
    void refusesWhatIsLargerThanTheOrganizationAllows() throws Exception {
        routes.put(limited(1000, WhenTooLarge.REJECT));
        try (var client = secured()) {
            client.raw("EHLO client.test\r\n");
            assertThat(client.wholeReply()).contains("SIZE 26214400\n");
            client.login("orders.shop", PASSWORD);
            client.raw("EHLO client.test\r\n");
            assertThat(client.wholeReply()).contains("SIZE 1000\n");

            assertThat(client.say("MAIL FROM:<a@b.example> SIZE=1001"))
                    .isEqualTo("552 5.3.4 the message is bigger than 1000 octets");
            String start = "Subject: it\r\n\r\n";
            String line = "x".repeat(98) + "\r\n";
            assertThat(client.mail("a@b.example", "x@y.example", start + line.repeat(10)))
                    .isEqualTo("552 5.3.4 the message is bigger than 1000 octets");
            // What the relay adds is not the sender's fault.
            assertThat(client.mail("a@b.example", "x@y.example",
                    start + line.repeat(9) + "x".repeat(1000 - 900 - start.length() - 2))).startsWith("250 2.0.0");
        }
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(1));
    }

    @Test
    @Tag("upstreams")
    void takesAndSendsInPartsWhatIsLargerWhereThatIsWanted() throws Exception {
        relay.close();
        try (var mx = ScriptedSmtpServer.start()) {
            mx.offer("SIZE 10000000");
            routes.put(TestRoutes.local("mx", mx.port(), 4));
            routes.put(limited(65_536, WhenTooLarge.SPLIT));
            relay = Relay.start(
                    new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                            SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                    routes, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY), InstantSource.system());
            String body = ("x".repeat(98) + "\r\n").repeat(2000);
            String id;
            try (var client = loggedIn()) {
                client.raw("EHLO client.test\r\n");
                assertThat(client.wholeReply()).contains("SIZE 26214400\n");
                id = client.mail("a@b.example", "x@y.example", "Subject: it\r\n\r\n" + body)
                        .replace("250 2.0.0 queued as ", "");
            }
            await().untilAsserted(() -> assertThat(relay.queued()).isZero());
            assertThat(mx.messages()).hasSize(4)
                    .allSatisfy(part -> assertThat(part.bytes()).hasSizeLessThanOrEqualTo(65_536))
                    .allSatisfy(part -> assertThat(part.text()).contains("id=\"" + id + ".65536@relay.test\""));
            String whole = mx.messages()
                    .stream()
                    .map(part -> part.text().substring(part.text().indexOf("\r\n\r\n") + 4))
                    .collect(Collectors.joining());
            assertThat(whole).startsWith("Received: from client.test").endsWith("\r\n\r\n" + body + "\r\n");
        }
    }
}
