package dev.postrider.relay.events;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.delivery.Delivery;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.Outbox;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Webhook;
import dev.postrider.transport.LoopbackUpstreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Receivers of several tempers hear of each final outcome, over real HTTP. */
@Tag("relay")
final class WebhooksTest {
    private static final String KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private record Call(String path, Map<String, List<String>> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, List.of("")).getFirst();
        }
    }

    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final Map<String, Integer> answers = new ConcurrentHashMap<>();
    private final CountDownLatch hanging = new CountDownLatch(1);
    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final Routes routes = new Routes();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicInteger nowHanging = new AtomicInteger();
    private final AtomicInteger mostHanging = new AtomicInteger();
    private final AtomicInteger later = new AtomicInteger();
    private RelayMeters meters;
    private SqlQueue queue;
    private HttpServer receiver;
    private Delivery delivery;
    private Webhooks webhooks;

    private Instant now() {
        return Instant.now().plus(Duration.ofHours(later.get()));
    }

    @BeforeEach
    void start() throws Exception {
        receiver = receiver(0);
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, this::now);
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        for (String name : List.of("good", "bad", "hangs", "moved", "endless")) {
            organization(name, receiver.getAddress().getPort());
        }
        routes.put(TestRoutes.organization("silent", State.OPEN));
        routes.markComplete();
        meters = new RelayMeters(registry, 10, this::now);
        delivery = new Delivery(queue, routes, upstreams, DeliverySettings.of("relay.test"), this::now, meters,
                Tracing.OFF);
        delivery.start();
        webhooks = webhooks(new WebhookPolicy(true, LoopbackUpstreams.POLICY));
    }

    private Webhooks webhooks(WebhookPolicy policy) {
        return webhooks(policy, WebhookLimits.DEFAULT);
    }

    private Webhooks webhooks(WebhookPolicy policy, WebhookLimits limits) {
        var started = new Webhooks(queue.outbox(), routes, policy,
                new WebhookTimes(Duration.ofMillis(20), Duration.ofSeconds(1), Duration.ofMillis(500),
                        List.of(Duration.ofMillis(100)), List.of(Duration.ofMillis(50)), Duration.ofHours(24)),
                limits, meters, this::now);
        started.start();
        return started;
    }

    private HttpServer receiver(int port) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::receive);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return server;
    }

    private void receive(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        calls.add(new Call(path, exchange.getRequestHeaders(), body));
        if (path.equals("/hangs")) {
            mostHanging.accumulateAndGet(nowHanging.incrementAndGet(), Math::max);
            try {
                hanging.await(600, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            nowHanging.decrementAndGet();
        }
        if (path.equals("/moved")) {
            exchange.getResponseHeaders().set("Location", "/good");
            exchange.sendResponseHeaders(307, -1);
        } else if (path.equals("/endless")) {
            exchange.sendResponseHeaders(200, 0);
            try (var out = exchange.getResponseBody()) {
                while (true) {
                    out.write(new byte[65_536]);
                }
            }
        } else {
            exchange.sendResponseHeaders(answers.getOrDefault(path, 204), -1);
        }
        exchange.close();
    }

    private void organization(String name, int port) {
        organization(name, "127.0.0.1", port);
    }

    private void organization(String name, String host, int port) {
        organization(key(name), host, port, "/" + name);
    }

    private void organization(ResourceKey key, String host, int port, String path) {
        OrganizationRoute plain = TestRoutes.organization(key.name(), State.OPEN);
        routes.put(new OrganizationRoute(key, plain.passwordSha256(), plain.state(), plain.servers(),
                plain.from(), plain.envelopeFrom(),
                Optional.of(new Webhook("http://" + host + ":" + port + path, KEY)), Optional.empty()));
    }

    @AfterEach
    void stop() {
        hanging.countDown();
        webhooks.close();
        delivery.close();
        queue.close();
        receiver.stop(0);
    }

    private String submit(String organization, String... recipients) throws IOException {
        return submit(key(organization), recipients);
    }

    private String submit(ResourceKey organization, String... recipients) throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write("Subject: secret\r\n\r\nsecret\r\n".getBytes(StandardCharsets.US_ASCII));
            return draft.commit(NewMessage.plain("a@b.example", List.of(recipients), false, false, now()));
        }
    }

    private List<Call> calls(String organization) {
        return calls.stream().filter(call -> call.path.equals("/" + organization)).toList();
    }

    private Set<String> events(String organization) {
        Set<String> ids = new TreeSet<>();
        calls(organization).forEach(call -> ids.add(call.header("Webhook-id")));
        return ids;
    }

    private long waiting() throws IOException {
        return queue.outbox().schedule().size();
    }

    @Test
    @Tag("isolation")
    void aNamespaceWhoseReceiversHangHoldsUpNobodyElse() throws Exception {
        webhooks.close();
        for (int i = 0; i < 50; i++) {
            ResourceKey evil = new ResourceKey("evil", "o" + i);
            organization(evil, "127.0.0.1", receiver.getAddress().getPort(), "/hangs");
            submit(evil, "x@y.example");
        }
        await().until(() -> waiting() == 50);
        webhooks = webhooks(new WebhookPolicy(true, LoopbackUpstreams.POLICY),
                new WebhookLimits(4, Duration.ofMillis(100), 10_000));
        await().until(() -> nowHanging.get() == 3);
        submit("good", "x@y.example");
        await().atMost(Duration.ofSeconds(3)).until(() -> !calls("good").isEmpty());
        assertThat(calls("hangs")).hasSizeLessThan(50);
        // One whose call was given up by the relay may still hang at the receiver.
        assertThat(mostHanging.get()).isLessThanOrEqualTo(2 * 3);
    }

    @Test
    @Tag("isolation")
    void aNamespaceKeepsSoManyEventsAndLosesTheOldest() throws Exception {
        webhooks.close();
        ResourceKey evil = new ResourceKey("evil", "bad");
        organization(evil, "127.0.0.1", receiver.getAddress().getPort(), "/bad");
        answers.put("/bad", 500);
        answers.put("/good", 500);
        for (int i = 0; i < 30; i++) {
            submit(evil, "x@y.example");
        }
        submit("good", "x@y.example");
        await().until(() -> queue.outbox().schedule().values().stream().mapToInt(Outbox.Scheduled::events).sum() == 31);
        List<String> all = queue.outbox()
                .due(evil, now().plusSeconds(60), 100)
                .stream()
                .map(Outbox.Waiting::id)
                .toList();
        webhooks = webhooks(new WebhookPolicy(true, LoopbackUpstreams.POLICY),
                new WebhookLimits(4, Duration.ofSeconds(1), 10));
        await().untilAsserted(() -> assertThat(queue.outbox().due(evil, now().plusSeconds(60), 100))
                .extracting(Outbox.Waiting::id)
                .containsExactlyElementsOf(all.subList(20, 30)));
        assertThat(queue.outbox().schedule().get(key("good"))).extracting(Outbox.Scheduled::events).isEqualTo(1);
        assertThat(registry.counter("postrider.events", "organization", "other", "outcome", "dropped").count()
                + registry.counter("postrider.events", "organization", "evil/bad", "outcome", "dropped").count())
                .isEqualTo(20);
    }

    @Test
    void eachFinalOutcomeIsToldAndSigned() throws Exception {
        upstreams.behave("mx", address -> address.startsWith("no")
                ? RecordingUpstreams.REFUSED
                : address.startsWith("later") ? RecordingUpstreams.DEFERRED : RecordingUpstreams.ACCEPTED);
        String id = submit("good", "yes@y.example", "no@y.example", "later@y.example");
        submit("silent", "yes@y.example");

        await().untilAsserted(() -> assertThat(calls("good")).extracting(call -> type(call.body))
                .contains("dev.postrider.mail.delivered.v1", "dev.postrider.mail.bounced.v1"));
        Call delivered = calls("good").stream()
                .filter(call -> call.header("Webhook-id").equals(id + "-0"))
                .findFirst()
                .orElseThrow();
        JsonNode event = JSON.readTree(delivered.body);
        assertThat(event.path("specversion").asText()).isEqualTo("1.0");
        assertThat(event.path("source").asText()).isEqualTo("/organizations/shop/good");
        assertThat(event.path("subject").asText()).isEqualTo(id);
        assertThat(event.path("data").path("recipient").asText()).isEqualTo("yes@y.example");
        assertThat(event.path("data").path("server").asText()).isEqualTo("shop/mx");
        assertThat(delivered.headers.get("Content-type"))
                .containsExactly("application/cloudevents+json; charset=utf-8");
        Instant time = Instant.ofEpochSecond(Long.parseLong(delivered.header("Webhook-timestamp")));
        assertThat(delivered.headers.get("Webhook-signature"))
                .containsExactly(Signature.of(KEY, id + "-0", time, delivered.body));
        assertThat(calls).noneMatch(call -> call.body.contains("secret") || call.body.contains("later@"));
    }

    private static String type(String body) {
        try {
            return JSON.readTree(body).path("type").asText();
        } catch (IOException e) {
            return body;
        }
    }

    /** The example of the Standard Webhooks specification. */
    @Test
    void signaturesAreThoseOfStandardWebhooks() {
        assertThat(Signature.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Instant.ofEpochSecond(1_614_265_330), "{\"test\": 2432232314}"))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void badReceiversDelayNobodyElseAndLoseNothing() throws Exception {
        answers.put("/bad", 500);
        for (int i = 0; i < 5; i++) {
            for (String organization : List.of("bad", "hangs", "moved", "endless", "good")) {
                submit(organization, "x@y.example");
            }
        }
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(events("good")).hasSize(5));
        await().untilAsserted(() -> assertThat(events("endless")).hasSize(5));
        await().untilAsserted(() -> assertThat(events("bad")).hasSize(5));
        assertThat(queue.outbox().due(key("bad"), now().plusSeconds(60), 10)).hasSize(5);
        assertThat(events("good")).as("no redirect was followed").hasSize(5);

        answers.remove("/bad");
        hanging.countDown();
        await().untilAsserted(() -> {
            assertThat(queue.outbox().due(key("bad"), now().plusSeconds(60), 10)).isEmpty();
            assertThat(queue.outbox().due(key("hangs"), now().plusSeconds(60), 10)).isEmpty();
        });
        assertThat(events("hangs")).hasSize(5);
    }

    @Test
    void aReceiverThatDiesAndComesBackHearsOfAll() throws Exception {
        int port = receiver.getAddress().getPort();
        receiver.stop(0);
        for (int i = 0; i < 20; i++) {
            submit("good", "x@y.example");
        }
        await().untilAsserted(() -> assertThat(registry.find("postrider.events").tag("outcome", "failed").counter())
                .isNotNull());
        // The relay is started anew meanwhile.
        webhooks.close();
        webhooks = webhooks(new WebhookPolicy(true, LoopbackUpstreams.POLICY));
        receiver = receiver(port);
        await().untilAsserted(() -> assertThat(events("good")).hasSize(20));
        await().untilAsserted(() -> assertThat(waiting()).isZero());
    }

    @Test
    void afterADayOfFailuresEventsAreDropped() throws Exception {
        answers.put("/bad", 500);
        submit("bad", "x@y.example");
        submit("bad", "x@y.example");
        await().untilAsserted(() -> assertThat(events("bad")).hasSize(2));
        later.set(25);
        await().untilAsserted(() -> assertThat(waiting()).isZero());
        assertThat(registry.find("postrider.events").tag("outcome", "dropped").counters()).isNotEmpty();
    }

    @Test
    void unlessItIsAllowedNothingGoesToThisMachineOrUnencrypted() throws Exception {
        webhooks.close();
        webhooks = webhooks(WebhookPolicy.STRICT);
        submit("good", "x@y.example");
        await().untilAsserted(() -> assertThat(registry.find("postrider.events").tag("outcome", "failed").counter())
                .isNotNull());
        assertThat(calls).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/x",
            "https://[fe80::1]/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://100.100.100.200/",
            "https://[fd00:ec2::254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://168.63.129.16/",
            "https://[fd20:ce::254]/", "https://192.0.0.192/", "https://2130706433/", "http://192.0.2.1/",
            "ftp://192.0.2.1/", "https:///x"})
    void whatOnlyTheRelayCanReachIsRefused(String url) {
        assertThatThrownBy(() -> passes(URI.create(url)))
                .isInstanceOfAny(IOException.class, IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://192.0.2.1/", "https://10.0.0.8/hook", "https://[2001:db8::1]:8443/"})
    void othersAreNot(String url) throws Exception {
        passes(URI.create(url));
    }

    private static void passes(URI url) throws IOException {
        WebhookPolicy.STRICT.check(url);
        WebhookPolicy.STRICT.addresses(url.getHost());
    }

    /** A name server that says another address each time would else get around the policy. */
    @Test
    void connectsToTheAddressThatThePolicyHasSeen() throws Exception {
        webhooks.close();
        List<String> lookUps = new CopyOnWriteArrayList<>();
        webhooks = webhooks(new WebhookPolicy(true, LoopbackUpstreams.POLICY, host -> {
            lookUps.add(host);
            if (lookUps.size() > 1) {
                throw new UnknownHostException("asked twice");
            }
            return new InetAddress[]{InetAddress.getLoopbackAddress()};
        }));
        organization("named", "rebinding.test", receiver.getAddress().getPort());
        submit("named", "x@y.example");
        await().untilAsserted(() -> assertThat(events("named")).hasSize(1));
        await().untilAsserted(() -> assertThat(waiting()).isZero());
        assertThat(calls("named").getFirst().header("Host")).startsWith("rebinding.test:");
        assertThat(lookUps).containsExactly("rebinding.test");
    }

    @Test
    void aNameThatHasALocalAddressAmongOthersIsNotConnectedTo() throws Exception {
        webhooks.close();
        List<String> lookUps = new CopyOnWriteArrayList<>();
        webhooks = webhooks(new WebhookPolicy(true, WebhookPolicy.STRICT.addresses(), host -> {
            lookUps.add(host);
            return new InetAddress[]{InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("192.0.2.1")};
        }));
        organization("named", "mixed.test", receiver.getAddress().getPort());
        submit("named", "x@y.example");
        await().untilAsserted(() -> assertThat(lookUps).hasSizeGreaterThan(1));
        assertThat(calls).isEmpty();
    }
}
