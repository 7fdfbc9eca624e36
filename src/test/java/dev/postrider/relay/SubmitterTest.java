package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Endpoint;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.SubmitterKey;
import dev.postrider.testing.AccountServer;
import dev.postrider.testing.AccountServer.Taken;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Mail with the logins of those who submit it, from the session with the relay to the server that they log in to. */
@Tag("upstreams")
final class SubmitterTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String ALICES = "geheim-4711-alice";
    private static final String BOBS = "geheim-4711-bob";
    private static final String TO = "all@" + AccountServer.DOMAIN;
    private static final SubmitterKey FIRST = SubmitterKey.generate("first");
    private static final SubmitterKey SECOND = SubmitterKey.generate("second");

    private static AccountServer server;

    @TempDir
    Path directory;

    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    private final InstantSource clock = () -> Instant.now().plus(ahead.get());
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private PrintStream standardError;
    private int mailsBefore;
    private SSLContext trust;
    private Routes routes;
    private Relay relay;

    @BeforeAll
    static void startServer() {
        server = AccountServer.start(CA.server("localhost"), Map.of("alice", ALICES, "bob", BOBS));
        LoggerFactory.getLogger(SubmitterTest.class).info("submitters log in at {}", server.kind());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void start() throws Exception {
        standardError = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        mailsBefore = server.mails().size();
        trust = TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate());
        startRelay(FIRST);
    }

    private void startRelay(SubmitterKey... keys) throws Exception {
        routes = new Routes();
        keys(keys);
        routes.put(own("own", 4, server.port()));
        routes.put(organization("orders", State.OPEN, "own"));
        routes.put(TestRoutes.server("mx", false, true, 4));
        routes.put(organization("other", State.OPEN, "mx"));
        routes.markComplete();
        relay = start(routes);
    }

    private Relay start(Routes known) throws Exception {
        return Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                known, new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY),
                TestSettings.delivery(
                        "{retryAfter: [90s], retryJitter: 0, serverRest: 1s, longestServerRest: 1s}"),
                clock);
    }

    private void keys(SubmitterKey... keys) {
        RelayRoute plain = TestRoutes.relay();
        routes.put(new RelayRoute(false, plain.certificate(), plain.privateKey(), plain.adminTokenSha256(),
                List.of(keys)));
    }

    private static ServerRoute own(String name, int maxConnections, int port) {
        return TestRoutes.forSubmitters(new ServerRoute(key(name), false, true,
                new Endpoint.Smtp("localhost", port, Endpoint.Security.STARTTLS, Optional.of(CA.pem()),
                        Duration.ofSeconds(5), Duration.ofSeconds(10), maxConnections, Optional.empty())));
    }

    @AfterEach
    void stop() {
        relay.close();
        System.setErr(standardError);
    }

    private Dialogue session() throws Exception {
        var client = Dialogue.connect(relay.submissionPort());
        client.patience(Duration.ofSeconds(40));
        client.say("EHLO client.test");
        client.say("STARTTLS");
        client.encrypt(trust);
        client.say("EHLO client.test");
        return client;
    }

    private String login(String user, String password) throws Exception {
        try (var client = session()) {
            return client.login(user, password);
        }
    }

    private void send(String user, String password, String subject) throws Exception {
        try (var client = session()) {
            assertThat(client.login("orders.shop/" + user, password)).as(this::logs).startsWith("235");
            assertThat(client.mail(user + "@shop.example", TO, "Subject: " + subject + "\r\n\r\ntext"))
                    .startsWith("250");
        }
    }

    private String logs() {
        return log.toString(StandardCharsets.UTF_8) + server.log();
    }

    /** Who sent a mail with this subject. */
    private List<String> sendersOf(String subject) {
        return server.mails()
                .stream()
                .skip(mailsBefore)
                .filter(mail -> mail.content().contains("Subject: " + subject))
                .map(Taken::user)
                .toList();
    }

    private void goOn(Duration time) {
        ahead.updateAndGet(now -> now.plus(time));
        relay.wake();
    }

    private String get(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + path))
                    .header("Authorization", "Bearer " + TestRoutes.ADMIN_TOKEN)
                    .build(), BodyHandlers.ofString()).body();
        }
    }

    /** Where a secret is in what the relay wrote: log, files, metrics, queue API. */
    private List<String> tellers(String secret) throws Exception {
        String base64 = Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
        var told = new java.util.ArrayList<String>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                if (text.contains(secret) || text.contains(base64)) {
                    told.add(file.toString());
                }
            }
        }
        for (String text : List.of("log " + log.toString(StandardCharsets.UTF_8), "metrics " + get("/metrics"),
                "queue " + get("/api/v1/queue"), "health " + get("/readyz"))) {
            if (text.contains(secret) || text.contains(base64)) {
                told.add(text.substring(0, text.indexOf(' ')));
            }
        }
        return told;
    }

    @Test
    void everybodysMailGoesWithHisOwnLogin() throws Exception {
        // One connection at most: those of others must not be in the way, and must not be shared.
        routes.put(own("own", 1, server.port()));
        for (int round = 0; round < 3; round++) {
            send("alice", ALICES, "of alice " + round);
            send("bob", BOBS, "of bob " + round);
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            for (int round = 0; round < 3; round++) {
                assertThat(sendersOf("of alice " + round)).as(this::logs).containsExactly("alice");
                assertThat(sendersOf("of bob " + round)).as(this::logs).containsExactly("bob");
            }
        });
        assertThat(tellers(ALICES)).isEmpty();
        assertThat(tellers(BOBS)).isEmpty();
    }

    @Test
    void whoIsNobodyAtTheServerIsNobodyHere() throws Exception {
        String wrong = "535 5.7.8 user name or password is wrong";
        assertThat(login("orders.shop/alice", "wrong-4711")).isEqualTo(wrong);
        assertThat(login("orders.shop/mallory", ALICES)).isEqualTo(wrong);
        assertThat(login("orders.shop/", ALICES)).isEqualTo(wrong);
        assertThat(login("nobody.shop/alice", ALICES)).isEqualTo(wrong);
        assertThat(login("orders.shop/alice", PASSWORD)).as("the binding's password").isEqualTo(wrong);
        assertThat(login("orders.shop", ALICES)).isEqualTo(wrong);
        assertThat(login("orders.shop/alice", ALICES)).isEqualTo("235 2.7.0 welcome");
        assertThat(logs()).contains("login failed for \"orders.shop/alice\"");
        assertThat(tellers("wrong-4711")).isEmpty();
    }

    @Test
    void anotherOrganizationCannotUseTheServer() throws Exception {
        assertThat(login("other.shop/alice", ALICES)).isEqualTo("535 5.7.8 user name or password is wrong");
    }

    /** What a user with the right password is told, in whatever state organization and servers are. */
    @Tag("promises")
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            all is well                      | 235 2.7.0 welcome | 250 2.1.0 sender OK
            no global server is active       | 235 2.7.0 welcome | \
            451 4.3.2 sending is switched off: no global mail server is active
            sendingEnabled is false          | 235 2.7.0 welcome | \
            550 5.7.1 sending is switched off for this organization (spec.sendingEnabled)
            the organization is being deleted | 235 2.7.0 welcome | 550 5.7.1 this organization is being deleted
            the server is inactive           | \
            454 4.7.0 the mail server that checks this login is switched off, try again later |
            the server is inactive, another takes mail | \
            454 4.7.0 the mail server that checks this login is switched off, try again later |
            the server has no route yet      | \
            454 4.7.0 the mail server that checks this login is not ready, try again later |
            there is no server               | \
            454 4.7.0 the mail server that checks this login is not ready, try again later |
            the organization is not known yet | 454 4.7.0 the relay has just started and does not know every \
            organization yet, try again later |
            the server cannot be reached     | \
            454 4.7.0 the mail server cannot be asked about this login now, try again later |
            its certificate is not trusted   | \
            454 4.7.0 the mail server cannot be asked about this login now, try again later |
            no server of it has users        | 535 5.7.8 user name or password is wrong |
            """)
    void aRightPasswordIsNeverCalledWrong(String state, String auth, @Nullable String mail) throws Exception {
        bring(state);
        try (var client = session()) {
            assertThat(client.login("orders.shop/alice", ALICES)).as(this::logs).isEqualTo(auth);
            if (mail != null) {
                assertThat(client.say("MAIL FROM:<alice@shop.example>")).isEqualTo(mail);
            }
        }
        if (mail != null) {
            assertThat(login("orders.shop/alice", "wrong")).isEqualTo("535 5.7.8 user name or password is wrong");
        }
    }

    private void bring(String state) throws Exception {
        ServerRoute own = own("own", 4, server.port());
        var inactive = new ServerRoute(own.key(), false, false, own.endpoint());
        switch (state) {
            case "all is well" -> {
            }
            case "no global server is active" -> {
                RelayRoute now = routes.relay().orElseThrow();
                routes.put(new RelayRoute(true, now.certificate(), now.privateKey(), now.adminTokenSha256(),
                        now.submitterKeys()));
            }
            case "sendingEnabled is false" -> routes.put(organization("orders", State.SUSPENDED, "own"));
            case "the organization is being deleted" -> routes.put(organization("orders", State.CLOSING, "own"));
            case "the server is inactive" -> routes.put(inactive);
            case "the server is inactive, another takes mail" -> {
                routes.put(inactive);
                routes.put(organization("orders", State.OPEN, "own", "mx"));
            }
            case "the server has no route yet" -> routes.put(organization("orders", State.OPEN, "not-tested", "mx"));
            case "there is no server" -> routes.put(organization("orders", State.OPEN));
            case "the organization is not known yet" -> {
                relay.close();
                routes = new Routes();
                keys(FIRST);
                relay = start(routes);
            }
            case "the server cannot be reached" -> routes.put(own("own", 4, FreePort.find()));
            case "its certificate is not trusted" -> routes.put(TestRoutes.forSubmitters(new ServerRoute(key("own"),
                    false, true, new Endpoint.Smtp("localhost", server.port(), Endpoint.Security.STARTTLS,
                            Optional.of(new TestCertificates("Another CA").pem()), Duration.ofSeconds(5),
                            Duration.ofSeconds(10), 4, Optional.empty()))));
            case "no server of it has users" -> routes.put(organization("orders", State.OPEN, "mx"));
            default -> throw new IllegalArgumentException(state);
        }
    }

    @Test
    void theOrganizationsOwnLoginIsToldHowToLogIn() throws Exception {
        try (var client = session()) {
            assertThat(client.login("orders.shop", PASSWORD)).startsWith("235");
            assertThat(client.say("MAIL FROM:<a@shop.example>")).isEqualTo("550 5.7.1 the mail servers of this "
                    + "organization want the login of whoever sends: log in as orders.shop/USER, with the name and "
                    + "the password of a user there");
        }
    }

    @Test
    void ofSeveralServersEachGetsTheMailThatItTakes() throws Exception {
        try (ScriptedSmtpServer open = ScriptedSmtpServer.start()) {
            routes.put(TestRoutes.local("open", open.port(), 4));
            routes.put(organization("orders", State.OPEN, "own", "open"));
            for (int i = 0; i < 5; i++) {
                send("alice", ALICES, "of alice " + i);
                try (var client = session()) {
                    client.login("orders.shop", PASSWORD);
                    assertThat(client.mail("a@shop.example", TO, "Subject: of all " + i + "\r\n\r\n"))
                            .startsWith("250");
                }
            }
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                relay.wake();
                assertThat(relay.queued()).as(this::logs).isZero();
            });
            assertThat(open.messages()).hasSize(5).allSatisfy(mail -> assertThat(mail.text()).contains("of all"));
            // The server hands its mail on after its answer.
            await().untilAsserted(() -> {
                for (int i = 0; i < 5; i++) {
                    assertThat(sendersOf("of alice " + i)).as(this::logs).containsExactly("alice");
                }
            });
        }
    }

    @Test
    void queuedMailWaitsEncryptedAndSurvivesTheRelay() throws Exception {
        try (var client = session()) {
            assertThat(client.login("orders.shop/alice", ALICES)).startsWith("235");
            server.pause();
            try {
                assertThat(client.mail("alice@shop.example", TO, "Subject: waits\r\n\r\n")).startsWith("250");
                await().untilAsserted(() -> assertThat(get("/api/v1/queue")).contains("\"attempts\":1"));
                assertThat(tellers(ALICES)).isEmpty();
                assertThat(login("orders.shop/bob", BOBS)).isEqualTo(
                        "454 4.7.0 the mail server cannot be asked about this login now, try again later");
                assertThat(login("orders.shop/alice", ALICES)).as("remembered").startsWith("235");
                relay.close();
            } finally {
                server.resume();
            }
        }
        startRelay(FIRST);
        goOn(Duration.ofMinutes(2));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(sendersOf("waits")).as(this::logs).containsExactly("alice"));
        assertThat(tellers(ALICES)).isEmpty();
    }

    @Test
    void aKilledRelayDeliversWithTheLoginThatItAccepted() throws Exception {
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start().account("alice", ALICES)) {
            upstream.on("MESSAGE", "451 4.3.0 later");
            var setup = new RelayProcess.Setup(Files.createDirectory(directory.resolve("killed")), upstream.port(), 4,
                    Optional.empty(), List.of("-Xmx128m", RelayProcess.SUBMITTERS));
            RelayProcess killed = RelayProcess.start(setup);
            try (var client = Dialogue.connect(killed.submissionPort())) {
                client.say("EHLO client.test");
                assertThat(client.login("orders.shop/alice", ALICES)).as(killed.log()).startsWith("235");
                assertThat(client.mail("alice@shop.example", TO, "Subject: it\r\n\r\n")).startsWith("250");
            }
            killed.kill();
            assertThat(upstream.messages()).isEmpty();
            assertThat(killed.log()).doesNotContain(ALICES);
            assertThat(tellers(ALICES)).isEmpty();
            upstream.on("MESSAGE", "");
            try (RelayProcess again = RelayProcess.start(setup)) {
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(upstream.messages())
                                .as(again.log())
                                .singleElement()
                                .satisfies(mail -> assertThat(mail.account()).isEqualTo("alice")));
            }
        }
    }

    @Test
    void keysAreRotated() throws Exception {
        assertThat(login("orders.shop/alice", ALICES)).startsWith("235");
        server.pause();
        try {
            send("alice", ALICES, "by the first key");
            keys(SECOND, FIRST);
            send("alice", ALICES, "by the second key");
            await().untilAsserted(() -> assertThat(get("/api/v1/queue")).doesNotContain("\"attempts\":0"));
        } finally {
            server.resume();
        }
        keys(SECOND);
        goOn(Duration.ofMinutes(2));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(sendersOf("by the second key")).as(this::logs)
                        .containsExactly("alice"));
        await().untilAsserted(() -> assertThat(get("/api/v1/queue")).contains("encrypted by the key \\\"first\\\", "
                + "which is not there any more; put it back into the Secret postrider-submitter-keys"));
        assertThat(sendersOf("by the first key")).isEmpty();

        keys(SECOND, FIRST);
        goOn(Duration.ofMinutes(2));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(sendersOf("by the first key")).as(this::logs)
                        .containsExactly("alice"));
    }

    @Test
    void withoutAKeyNobodySubmits() throws Exception {
        keys();
        assertThat(login("orders.shop/alice", ALICES))
                .isEqualTo("454 4.7.0 the relay is not ready for such logins, try again later");
        assertThat(logs()).contains("the relay's route holds no key for credentials");
    }

    @Test
    void aLoginThatIsChangedMeanwhileIsTriedThreeTimesAndToldOf() throws Exception {
        try (ScriptedSmtpServer open = ScriptedSmtpServer.start()) {
            routes.put(TestRoutes.local("open", open.port(), 4));
            routes.put(organization("orders", State.OPEN, "own", "open"));
            server.account("carol", "geheim-4711-carol");
            assertThat(login("orders.shop/carol", "geheim-4711-carol")).as(this::logs).startsWith("235");
            server.pause();
            try {
                send("carol", "geheim-4711-carol", "too late");
                await().untilAsserted(() -> assertThat(get("/api/v1/queue")).contains("\"attempts\":1"));
            } finally {
                server.account("carol", "geheim-4711-carols-new-one");
                server.resume();
            }
            await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
                goOn(Duration.ofSeconds(30));
                assertThat(open.messages()).as(this::logs).hasSize(1);
            });
            assertThat(open.messages().getFirst().text().replaceAll("\\s+", " ")).contains("Status: 5.7.8",
                    "refused user \"carol\" by", "send the message again with the login as it is now")
                    .doesNotContain("geheim");
            assertThat(open.messages().getFirst().recipients()).containsExactly("carol@shop.example");
            assertThat(sendersOf("too late")).isEmpty();
            assertThat(logs()).doesNotContain("gets no mail until");
            await().untilAsserted(() -> assertThat(relay.queued()).isZero());
        }
    }

    @Test
    void aBounceGoesWithTheLoginOfTheMailWhereThereIsNoOther() throws Exception {
        try (var client = session()) {
            assertThat(client.login("orders.shop/bob", BOBS)).startsWith("235");
            assertThat(client.mail("bounces@" + AccountServer.DOMAIN, AccountServer.GONE, "Subject: lost\r\n\r\n"))
                    .startsWith("250");
        }
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(
                        sendersOf("Undelivered Mail Returned to Sender")).as(this::logs).containsExactly("bob"));
    }

    @Test
    void withoutTlsNobodyLogsInHere() throws Exception {
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO client.test");
            assertThat(client.login("orders.shop/alice", ALICES)).startsWith("538 5.7.11");
        }
    }
}
