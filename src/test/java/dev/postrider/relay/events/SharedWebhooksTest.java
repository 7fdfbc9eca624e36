package dev.postrider.relay.events;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.Settlement;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.Webhook;
import dev.postrider.testing.PostgresServer;
import dev.postrider.transport.LoopbackUpstreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two relays on one database, and a receiver that hears from both. */
@Tag("relay")
final class SharedWebhooksTest {
    private static final int EVENTS = 250;

    @TempDir
    Path directory;

    private final InstantSource clock = InstantSource.system();
    private final Routes routes = new Routes();
    private final List<String> heard = new CopyOnWriteArrayList<>();

    private Webhooks relay(SqlQueue queue) {
        return new Webhooks(queue.outbox(), routes, new WebhookPolicy(true, LoopbackUpstreams.POLICY),
                WebhookTimes.DEFAULT,
                new RelayMeters(new SimpleMeterRegistry(), 10, clock), clock);
    }

    private void addEvents(SqlQueue queue) throws Exception {
        try (Draft draft = queue.draft(key("orders"))) {
            draft.content().write(1);
            draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, clock.instant()));
        }
        List<Settlement.Event> events = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            events.add(new Settlement.Event("event-%03d".formatted(i), "{\"time\": \"" + Instant.EPOCH + "\"}"));
        }
        queue.settle(queue.claim(key("orders"), clock.instant(), 1).getFirst(),
                new Settlement(List.of(0), List.of(), List.of(), events));
    }

    @Test
    void eachEventIsHeardOnce() throws Exception {
        var receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            try (exchange) {
                heard.add(exchange.getRequestHeaders().getFirst("webhook-id"));
                exchange.sendResponseHeaders(204, -1);
            }
        });
        receiver.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        receiver.start();
        OrganizationRoute plain = TestRoutes.organization("orders", State.OPEN);
        routes.put(new OrganizationRoute(plain.key(), plain.passwordSha256(), plain.state(), plain.servers(),
                plain.from(), plain.envelopeFrom(),
                Optional.of(new Webhook("http://127.0.0.1:" + receiver.getAddress().getPort() + "/", "secret")),
                Optional.empty()));
        routes.markComplete();
        var location = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                Optional.of(PostgresServer.credentials(directory)));
        try (var first = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, clock);
                var second = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, clock);
                var one = relay(first);
                var other = relay(second)) {
            addEvents(first);
            one.start();
            other.start();
            await().until(() -> new HashSet<>(heard).size() == EVENTS);
            await().until(() -> first.outbox().schedule().isEmpty() && second.outbox().schedule().isEmpty());
            assertThat(heard).hasSize(EVENTS);
        } finally {
            receiver.stop(0);
        }
    }
}
