package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.testing.PostgresServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two relays on one database, and a server that takes one connection from both together. */
@Tag("relay")
final class HandOverTest {
    /** Far less than the half minute for which a connection is kept without mail. */
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final Routes routes = new Routes();
    private SqlQueue first;
    private SqlQueue second;
    private Delivery firstDelivery;
    private Delivery secondDelivery;

    @BeforeEach
    void start() throws Exception {
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.server("mx", true, true, 1));
        routes.put(TestRoutes.organization("orders", State.OPEN));
        routes.markComplete();
        var location = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                Optional.of(PostgresServer.credentials(directory)));
        first = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.system());
        second = SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.system());
        firstDelivery = delivery(first);
        secondDelivery = delivery(second);
    }

    private Delivery delivery(SqlQueue queue) throws IOException {
        var delivery = new Delivery(queue, routes, upstreams, DeliverySettings.of("relay.test"),
                InstantSource.system(), new RelayMeters(new SimpleMeterRegistry(), 10, InstantSource.system()),
                Tracing.OFF);
        delivery.start();
        return delivery;
    }

    @AfterEach
    void stop() {
        firstDelivery.close();
        secondDelivery.close();
        first.close();
        second.close();
    }

    private static void submit(SqlQueue queue, String recipient) {
        try (Draft draft = queue.draft(key("orders"))) {
            draft.content().write("Subject: it\r\n\r\ntext\r\n".getBytes(StandardCharsets.US_ASCII));
            draft.commit(NewMessage.plain("a@b.example", List.of(recipient), false, false,
                    InstantSource.system().instant()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean arrived(String recipient) {
        return upstreams.taken().stream().anyMatch(taken -> taken.envelope().recipients().contains(recipient));
    }

    @Test
    void aConnectionWithoutMailGoesToTheRelayThatHasMail() {
        for (int i = 0; i < 3; i++) {
            String one = "one" + i + "@y.example";
            String other = "other" + i + "@y.example";
            submit(first, one);
            await().atMost(SOON).until(() -> arrived(one));
            submit(second, other);
            await().atMost(SOON).until(() -> arrived(other));
        }
        assertThat(upstreams.mostOpen("mx")).isEqualTo(1);
    }

    @Test
    void aRelayThatIsNeverWithoutMailLetsTheOtherHaveItsShare() throws Exception {
        var stopping = new AtomicBoolean();
        var submitting = Thread.ofVirtual().start(() -> {
            while (!stopping.get()) {
                submit(first, "stream@y.example");
            }
        });
        try {
            await().atMost(SOON).until(() -> arrived("stream@y.example"));
            for (int i = 0; i < 2; i++) {
                String other = "other" + i + "@y.example";
                submit(second, other);
                await().atMost(SOON).until(() -> arrived(other));
                int before = upstreams.taken().size();
                await().atMost(SOON).until(() -> upstreams.taken().size() > before + 10);
            }
        } finally {
            stopping.set(true);
            submitting.join();
        }
        assertThat(upstreams.mostOpen("mx")).isEqualTo(1);
        // Each change of hands is a new connection: they are few.
        System.out.printf("%d mails by %d connections, in turns%n", upstreams.taken().size(), upstreams.opened("mx"));
    }
}
