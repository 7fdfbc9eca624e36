package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.TestSettings;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueView.Filter;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.PostgresServer;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Opening;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that the relay fails of, or dies of. */
@Tag("isolation")
final class SuspectsTest {
    private static final long LARGE = 1 << 20;
    private static final int PLACES = 2;

    private static final Filter HELD = new Filter(Optional.empty(), Optional.empty(), Optional.empty(),
            Optional.of(dev.postrider.relay.queue.QueueView.State.HELD));

    @TempDir
    Path directory;

    /** A real server's, but for mail from "poison". */
    private record Poisonable(Upstream upstream) implements Upstream {
        @Override
        public Attempt send(Envelope envelope, MessageContent message) {
            if (!envelope.sender().startsWith("poison")) {
                return upstream.send(envelope, message);
            }
            throw new OutOfMemoryError("thrown by a test");
        }

        @Override
        public Opening open() {
            return upstream.open();
        }

        @Override
        public boolean isOpen() {
            return upstream.isOpen();
        }

        @Override
        public void close() {
            upstream.close();
        }
    }

    private static void submit(SqlQueue queue, String sender, String recipient) throws IOException {
        try (Draft draft = queue.draft(key("orders"))) {
            draft.content().write("Subject: x\r\n\r\nx\r\n".getBytes(StandardCharsets.US_ASCII));
            draft.commit(NewMessage.plain(sender, List.of(recipient), false, false, InstantSource.system().instant()));
        }
    }

    @Test
    void thatThrowAnErrorKeepNoPlaceAndAreHeldAfterTheSecondTime() throws Exception {
        var arrived = new ConcurrentLinkedQueue<String>();
        var routes = new Routes();
        var meters = new SimpleMeterRegistry();
        var times = TestSettings.delivery("{retryAfter: [50ms], retryJitter: 0, idleConnection: 5s, "
                + "messagesPerConnection: 1000, serverRest: 50ms, longestServerRest: 50ms}");
        try (var server = CountingSmtpServer.start(Duration.ZERO, arrived::add);
                var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            ServerRoute route = TestRoutes.local("mx", server.port(), PLACES);
            routes.put(TestRoutes.relay());
            routes.put(route);
            routes.put(TestRoutes.organization("orders", State.OPEN));
            routes.markComplete();
            var real = new MailUpstreams("relay.test", false, LoopbackUpstreams.POLICY);
            Upstreams upstreams = to -> new Poisonable(real.to(to));
            try (var delivery = new Delivery(queue, routes, upstreams, times, InstantSource.system(),
                    new RelayMeters(meters, 10, InstantSource.system()), Tracing.OFF)) {
                for (int i = 0; i < 5 * PLACES; i++) {
                    submit(queue, "poison@x.example", "y@y.example");
                }
                delivery.start();
                await().until(() -> queue.view().list(HELD, Optional.empty(), 100).size() == 5
                        * PLACES);
                submit(queue, "a@x.example", "b@y.example");
                await().atMost(Duration.ofSeconds(5)).until(() -> arrived.contains("b@y.example"));

                assertThat(queue.view()
                        .list(HELD, Optional.empty(), 1)
                        .getFirst()
                        .recipients()
                        .getFirst()
                        .lastReply()).hasValueSatisfying(
                                reply -> assertThat(reply).startsWith(
                                        "held: poisoned: it failed by a fault of the relay: java.lang.OutOfMemoryError"));
                assertThat(meters.counter("postrider.poisoned", "organization", "shop/orders").count()).isEqualTo(10);
            }
        }
    }

    @Test
    void thatTheRelayDiedOfComeLaterAloneAndAreHeldAfterTheSecondTime() throws Exception {
        Path file = directory.resolve("attempts");
        try (Suspects first = open(file)) {
            begin(first, "large", LARGE);
            begin(first, "small", 100);
            begin(first, "another", LARGE);
            begin(first, "done", LARGE).orElseThrow().close();
        }
        try (Suspects second = open(file)) {
            assertThat(List.of("large", "small", "another", "done")).filteredOn(id -> second.isSuspect(mail(id, LARGE)))
                    .containsExactly("large", "another");
            assertThat(second.poison("large")).isEmpty();
            var order = new ArrayList<String>();
            var trial = begin(second, "large", LARGE).orElseThrow();
            Thread other = Thread.ofVirtual().start(() -> {
                try (var _ = begin(second, "another", LARGE).orElseThrow()) {
                    order.add("another");
                } catch (InterruptedException e) {
                    order.add("interrupted");
                }
            });
            await().until(() -> other.getState() == Thread.State.WAITING);
            order.add("large");
            // It dies here, with one of them under way.
            assertThat(order).containsExactly("large");
            assertThat(trial).isNotNull();
            other.interrupt();
            other.join();
        }
        try (Suspects third = open(file)) {
            assertThat(third.poison("large")).hasValue("the relay ended while it was tried");
            assertThat(third.poison("another")).isEmpty();
            third.forget(mail("large", LARGE));
            third.forget(mail("another", LARGE));
        }
        try (Suspects fourth = open(file)) {
            assertThat(List.of("large", "another")).noneMatch(id -> fourth.isSuspect(mail(id, LARGE)));
        }
    }

    /** A relay died while it tried many large messages of one namespace, whose server takes its time again. */
    @Test
    void ofANamespaceWithManyKeepNobodyElseWaiting() throws Exception {
        var order = new ConcurrentLinkedQueue<String>();
        var threads = new ArrayList<Thread>();
        try (Suspects all = Suspects.inMemory()) {
            var first = new Suspects.Mail(new ResourceKey("evil", "organization"), "first", LARGE);
            all.failed(first, new OutOfMemoryError("thrown by a test"));
            var trial = all.begin(first).orElseThrow();
            for (int i = 0; i < 12; i++) {
                String namespace = i < 11 ? "evil" : "shop";
                var mail = new Suspects.Mail(new ResourceKey(namespace, "organization-" + i), namespace + i, LARGE);
                all.failed(mail, new OutOfMemoryError("thrown by a test"));
                Thread waiting = Thread.ofVirtual().start(() -> {
                    try (var _ = all.begin(mail).orElseThrow()) {
                        order.add(mail.organization().namespace());
                    } catch (InterruptedException e) {
                        order.add("interrupted");
                    }
                });
                threads.add(waiting);
                await().until(() -> waiting.getState() == Thread.State.WAITING);
            }
            trial.close();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(List.copyOf(order).subList(0, 2)).contains("shop");
    }

    @Test
    void thatWaitEndWhenTheRelayStops() throws Exception {
        Suspects all = Suspects.inMemory();
        for (String id : List.of("first", "second")) {
            all.failed(mail(id, LARGE), new OutOfMemoryError("thrown by a test"));
        }
        var trial = all.begin(mail("first", LARGE));
        assertThat(trial).isPresent();
        var second = new ConcurrentLinkedQueue<Optional<Suspects.Trial>>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                second.add(all.begin(mail("second", LARGE)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        await().until(() -> waiting.getState() == Thread.State.WAITING);
        all.close();
        waiting.join();
        assertThat(second).containsExactly(Optional.empty());
    }

    @Test
    void thatAreNotQueuedAnyMoreAreForgotten() throws Exception {
        Path file = directory.resolve("attempts");
        try (Suspects first = open(file)) {
            begin(first, "large", LARGE);
        }
        try (Suspects second = Suspects.open(file, Duration.ZERO, _ -> false)) {
            assertThat(second.isSuspect(mail("large", LARGE))).isFalse();
        }
    }

    private static Suspects.Mail mail(String id, long octets) {
        return new Suspects.Mail(key("orders"), id, octets);
    }

    private static Optional<Suspects.Trial> begin(Suspects suspects, String id, long octets)
            throws InterruptedException {
        suspects.isSuspect(mail(id, octets));
        return suspects.begin(mail(id, octets));
    }

    @Test
    void thatARelayWasLostOfAreKnownToTheOthersAndHeldAfterTheSecondTime() throws Exception {
        try (PostgresServer server = PostgresServer.start()) {
            String url = server.url(server.newDatabase());
            Path credentials = PostgresServer.credentials(directory);
            try (SqlQueue a = queue(url, credentials);
                    SqlQueue b = queue(url, credentials);
                    SqlQueue c = queue(url, credentials)) {
                Suspects first = Suspects.shared(a.attemptMarks().orElseThrow());
                begin(first, "large", LARGE);
                begin(first, "small", 100);
                begin(first, "done", LARGE).orElseThrow().close();

                Suspects second = Suspects.shared(b.attemptMarks().orElseThrow());
                assertThat(List.of("large", "small", "done"))
                        .filteredOn(id -> second.isSuspect(mail(id, id.equals("small") ? 100 : LARGE)))
                        .containsExactly("large");
                assertThat(second.poison("large")).isEmpty();
                // It waits to be alone, and is stopped: that is no failure.
                Suspects waiting = Suspects.shared(c.attemptMarks().orElseThrow());
                assertThat(waiting.isSuspect(mail("large", LARGE))).isTrue();
                assertThat(waiting.poison("large")).isEmpty();
                second.begin(mail("large", LARGE));

                Suspects third = Suspects.shared(c.attemptMarks().orElseThrow());
                assertThat(third.isSuspect(mail("large", LARGE))).isTrue();
                assertThat(third.poison("large")).hasValue("a relay was lost while it tried it");
                third.forget(mail("large", LARGE));
                assertThat(Suspects.shared(a.attemptMarks().orElseThrow()).isSuspect(mail("large", LARGE))).isFalse();
            }
        }
    }

    private static SqlQueue queue(String url, Path credentials) throws IOException {
        return SqlQueue.openPostgres(new PostgresLocation(url, Optional.of(credentials)), QueueLimits.DEFAULT,
                InstantSource.system());
    }

    private static Suspects open(Path file) throws IOException {
        return Suspects.open(file, Duration.ZERO, _ -> true);
    }
}
