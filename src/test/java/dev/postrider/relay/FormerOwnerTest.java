package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.RecordingUpstreams.Taken;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.Address;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The name of an organization is taken by somebody else, whose servers have the names of the former one's. */
@Tag("isolation")
final class FormerOwnerTest {
    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final Routes routes = new Routes();
    private Relay relay;

    private static OrganizationRoute ordersOf(String uid) {
        return organization("orders", State.OPEN, "own").of(Optional.of(uid));
    }

    @BeforeEach
    void start() throws Exception {
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(server("own", false, true, 1));
        routes.put(ordersOf("victim"));
        routes.put(organization("bystander", State.OPEN).of(Optional.of("other")));
        routes.markComplete();
        relay = Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received()), routes, upstreams,
                InstantSource.system());
        await().until(routes::isComplete);
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private Dialogue loggedIn(String name) throws Exception {
        var client = Dialogue.connect(relay.submissionPort());
        client.say("EHLO client.test");
        assertThat(client.login(name + ".shop", PASSWORD)).startsWith("235");
        return client;
    }

    private void send(Dialogue client, String to) throws Exception {
        assertThat(client.mail("a@b.example", to, "Subject: it\r\n\r\ntext")).startsWith("250");
    }

    private HttpResponse<String> get(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + path))
                    .header("Authorization", "Bearer " + TestRoutes.ADMIN_TOKEN)
                    .build(), BodyHandlers.ofString());
        }
    }

    private List<String> taken() {
        return upstreams.taken().stream().map(taken -> taken.envelope().recipients().getFirst()).toList();
    }

    private List<Taken> secretsBy(String uid) {
        return upstreams.taken()
                .stream()
                .filter(taken -> taken.uid().equals(Optional.of(uid)))
                .filter(taken -> taken.envelope().recipients().getFirst().startsWith("secret"))
                .toList();
    }

    @Test
    void mailOfTheFormerOwnerDoesNotLeaveThroughTheNewOnesServerNorIsSeen() throws Exception {
        CountDownLatch inFlight = upstreams.hang("own");
        try (Dialogue victim = loggedIn("orders"); Dialogue bystander = loggedIn("bystander")) {
            // One is under way, others wait in memory.
            for (int i = 0; i < 5; i++) {
                send(victim, "secret" + i + "@y.example");
            }
            await().until(() -> upstreams.open("own") == 1);

            routes.put(ordersOf("attacker"));
            await().until(() -> routes.organization(TestRoutes.key("orders")).isPresent());
            inFlight.countDown();

            try (Dialogue attacker = loggedIn("orders")) {
                send(attacker, "mine@y.example");
            }
            send(bystander, "bystander@y.example");
            await().untilAsserted(() -> assertThat(taken()).contains("mine@y.example", "bystander@y.example"));
            assertThat(taken()).filteredOn(to -> to.startsWith("secret")).hasSizeLessThanOrEqualTo(1);

            assertThat(victim.say("MAIL FROM:<a@b.example>")).startsWith("250");
            victim.say("RCPT TO:<late@y.example>");
            assertThat(victim.say("DATA"))
                    .isEqualTo("535 5.7.8 the organization of this login is another one by now, log in again");
        }
        assertThat(get("/queue/shop/orders?uid=victim").statusCode()).isEqualTo(409);
        await().untilAsserted(
                () -> assertThat(get("/queue/shop/orders?uid=attacker").body().strip())
                        .isEqualTo("{\"queued\": 0}"));
        assertThat(get("/api/v1/queue?organization=shop/orders").body()).doesNotContain("secret");
        assertThat(get("/api/v1/queue").body()).contains("secret4@y.example", "~former/shop.orders.victim");
    }

    /** The organization's own route is late, or stays for want of somebody who takes it away. */
    @Test
    void mailWaitsWhereTheNameOfItsServerIsAnothersNow() throws Exception {
        routes.put(TestRoutes.of(server("own", false, true, 1), "first"));
        routes.put(ordersOf("victim").through(List.of("first")));
        CountDownLatch inFlight = upstreams.hang("own");
        try (Dialogue victim = loggedIn("orders"); Dialogue bystander = loggedIn("bystander")) {
            for (int i = 0; i < 5; i++) {
                send(victim, "secret" + i + "@y.example");
            }
            await().until(() -> upstreams.open("own") == 1);

            routes.put(TestRoutes.of(server("own", false, true, 4), "second"));
            inFlight.countDown();
            send(bystander, "bystander@y.example");
            await().untilAsserted(() -> assertThat(taken()).contains("bystander@y.example"));
            assertThat(victim.say("MAIL FROM:<a@b.example>"))
                    .isEqualTo("451 4.3.2 no mail server is active for this organization");
            // Until the relay has taken up the routes, mail may still leave through the server that was meant.
            assertThat(secretsBy("second")).isEmpty();

            routes.put(ordersOf("victim").through(List.of("second")));
            await().untilAsserted(() -> assertThat(taken()).filteredOn(to -> to.startsWith("secret")).hasSize(5));
            assertThat(secretsBy("second")).isNotEmpty();
        }
    }

    /** A name may take long to change hands, or fail to; that is its namespace's business alone. */
    @Test
    void aNameThatCannotChangeHandsKeepsNobodyElseWaiting() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var statement = connection.createStatement()) {
            statement.execute("CREATE TRIGGER stuck BEFORE UPDATE ON owner WHEN OLD.organization = 'shop/orders'"
                    + " BEGIN SELECT RAISE(FAIL, 'stuck'); END");
            routes.put(ordersOf("attacker"));
            await().until(() -> routes.organization(TestRoutes.key("orders")).isEmpty());
            var newcomer = new ResourceKey("elsewhere", "new");
            routes.put(new OrganizationRoute(newcomer, Sha256.of(PASSWORD), State.OPEN, List.of(),
                    new Address("a@b.example", Optional.empty()), "a@b.example", Optional.empty(), Optional.empty())
                    .of(Optional.of("new")));
            await().until(() -> routes.organization(newcomer).isPresent());
            assertThat(routes.organization(TestRoutes.key("orders"))).isEmpty();

            statement.execute("DROP TRIGGER stuck");
            await().until(() -> routes.organization(TestRoutes.key("orders")).isPresent());
        }
    }
}
