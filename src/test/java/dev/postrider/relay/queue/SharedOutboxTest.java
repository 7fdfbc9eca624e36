package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.queue.Outbox.Waiting;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The outbox of several relays. */
@Tag("relay")
final class SharedOutboxTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    private String database;
    private PostgresLocation location;

    @BeforeEach
    void makeDatabase() throws Exception {
        database = PostgresServer.shared().newDatabase();
        location = new PostgresLocation(PostgresServer.shared().url(database),
                Optional.of(PostgresServer.credentials(directory)));
    }

    private SqlQueue open(Duration lease) throws QueueException {
        return SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.fixed(NOW), lease);
    }

    private static void addEvents(SqlQueue queue, int events) throws Exception {
        try (Draft draft = queue.draft(SHOP)) {
            draft.content().write(1);
            draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, NOW));
        }
        List<Settlement.Event> all = new ArrayList<>();
        for (int i = 0; i < events; i++) {
            all.add(new Settlement.Event("event-%03d".formatted(i), "{}"));
        }
        queue.settle(queue.claim(SHOP, NOW, 1).getFirst(), new Settlement(List.of(0), List.of(), List.of(), all));
    }

    /** As if a relay had been stopped for longer than its lease: the others have removed it. */
    private void forget(String replica) throws Exception {
        try (var connection = PostgresServer.shared().connect(database);
                var delete = connection.prepareStatement("DELETE FROM replica WHERE id = ?")) {
            delete.setString(1, replica);
            delete.executeUpdate();
        }
    }

    @Test
    void eachEventIsToldByOneRelay() throws Exception {
        var told = new ConcurrentLinkedQueue<String>();
        try (var first = open(LONG);
                var second = open(LONG);
                var third = open(LONG);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            addEvents(first, 300);
            List<Callable<Integer>> tellers = new ArrayList<>();
            for (SqlQueue queue : List.of(first, second, third)) {
                tellers.add(() -> {
                    int count = 0;
                    List<Waiting> due = queue.outbox().due(SHOP, NOW, 7);
                    while (!due.isEmpty()) {
                        for (Waiting event : due) {
                            assertThat(queue.outbox().holds(event)).isTrue();
                            told.add(event.id());
                            queue.outbox().done(event);
                            count++;
                        }
                        due = queue.outbox().due(SHOP, NOW, 7);
                    }
                    return count;
                });
            }
            List<Integer> shares = new ArrayList<>();
            for (var teller : threads.invokeAll(tellers)) {
                shares.add(teller.get());
            }
            System.out.println("300 events told by three relays: " + shares);
            assertThat(told).hasSize(300).doesNotHaveDuplicates();
            assertThat(first.outbox().schedule()).isEmpty();
        }
    }

    @Test
    void aRelayFindsAgainWhatItHoldsAndOthersDoNot() throws Exception {
        try (var first = open(LONG); var second = open(LONG)) {
            addEvents(first, 3);
            List<Waiting> held = first.outbox().due(SHOP, NOW, 10);
            assertThat(held).hasSize(3);
            assertThat(second.outbox().due(SHOP, NOW, 10)).isEmpty();
            assertThat(second.outbox().schedule()).isEmpty();
            assertThat(first.outbox().due(SHOP, NOW, 10)).isEqualTo(held);

            first.outbox().defer(held.getFirst(), NOW.plusSeconds(5));
            assertThat(second.outbox().due(SHOP, NOW.plusSeconds(5), 10)).extracting(Waiting::id)
                    .containsExactly("event-000");
        }
    }

    @Test
    void whatAKilledRelayHeldTheOthersTell() throws Exception {
        try (var second = open(Duration.ofSeconds(1))) {
            SqlQueue killed = open(Duration.ofSeconds(1));
            addEvents(killed, 2);
            List<Waiting> held = killed.outbox().due(SHOP, NOW, 10);
            assertThat(held).hasSize(2);
            forget(held.getFirst().holder());

            await().untilAsserted(() -> assertThat(second.outbox().due(SHOP, NOW, 10)).hasSize(2));
            // It wakes, and finds that it lost them.
            await().untilAsserted(() -> assertThat(killed.outbox().holds(held.getFirst())).isFalse());
            killed.outbox().defer(held.getFirst(), NOW.plusSeconds(5));
            assertThat(second.outbox().due(SHOP, NOW, 10)).extracting(Waiting::attempts).containsExactly(0, 0);
            killed.close();
        }
    }
}
