package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.queue.ConnectionPermits.Permit;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several relays on one queue. */
@Tag("relay")
final class SharedQueueTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey SERVER = new ResourceKey("shop", "mx");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    private PostgresLocation location;
    private String database;

    @BeforeEach
    void makeDatabase() throws Exception {
        database = PostgresServer.shared().newDatabase();
        location = new PostgresLocation(PostgresServer.shared().url(database),
                Optional.of(PostgresServer.credentials(directory)));
    }

    private SqlQueue open(Duration lease) throws QueueException {
        return SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.fixed(NOW), lease);
    }

    private static String submit(Queue queue, int size) throws IOException {
        try (Draft draft = queue.draft(SHOP)) {
            draft.content().write(new byte[size]);
            return draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example", "z@y.example"), false, false,
                    NOW));
        }
    }

    private static Settlement deferred(Instant next) {
        return new Settlement(List.of(), List.of(new Settlement.Deferral(0, 1, NOW, next, "mx", "450", false),
                new Settlement.Deferral(1, 1, NOW, next, "mx", "450", false)), List.of(), List.of());
    }

    private static Settlement done() {
        return new Settlement(List.of(0, 1), List.of(), List.of(), List.of());
    }

    /** As if this relay had been stopped for longer than its lease: the others have removed it. */
    private void forgetReplicas() throws Exception {
        try (var connection = PostgresServer.shared().connect(database);
                var statement = connection.createStatement()) {
            statement.execute("DELETE FROM body b USING draft d WHERE b.message = d.message");
            statement.execute("DELETE FROM draft");
            statement.execute("DELETE FROM replica");
        }
    }

    @Test
    void eachMessageIsInTheHandsOfOne() throws Exception {
        Set<String> taken = ConcurrentHashMap.newKeySet();
        try (var first = open(LONG);
                var second = open(LONG);
                var third = open(LONG);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 300; i++) {
                submit(first, 10);
            }
            List<java.util.concurrent.Callable<Integer>> takers = new ArrayList<>();
            for (SqlQueue queue : List.of(first, second, third, first, second, third)) {
                takers.add(() -> {
                    int count = 0;
                    List<QueuedMessage> claimed = queue.claim(SHOP, NOW, 7);
                    while (!claimed.isEmpty() || queue.nextAttempt(SHOP).isPresent()) {
                        for (QueuedMessage message : claimed) {
                            assertThat(taken.add(message.id())).describedAs(message.id()).isTrue();
                            assertThat(message.recipients()).hasSize(2);
                            count++;
                        }
                        claimed = queue.claim(SHOP, NOW, 7);
                    }
                    return count;
                });
            }
            int sum = 0;
            for (var taker : threads.invokeAll(takers)) {
                sum += taker.get();
            }
            assertThat(sum).isEqualTo(300);
        }
    }

    @Test
    void whatARelayHeldIsTheOthersWhenItEnds() throws Exception {
        try (var second = open(LONG)) {
            try (var first = open(LONG)) {
                submit(first, 10);
                assertThat(first.claim(SHOP, NOW, 1)).hasSize(1);
                assertThat(first.permits().tryTake(SERVER, 1)).isPresent();
                assertThat(second.claim(SHOP, NOW, 1)).isEmpty();
                assertThat(second.nextAttempt(SHOP)).isEmpty();
                assertThat(second.permits().tryTake(SERVER, 1)).isEmpty();
            }
            assertThat(second.claim(SHOP, NOW, 1)).hasSize(1);
            assertThat(second.permits().tryTake(SERVER, 1)).isPresent();
        }
    }

    @Test
    void aRelayThatWasGivenUpTouchesNothingOfTheOthers() throws Exception {
        Duration lease = Duration.ofSeconds(1);
        try (var late = open(lease)) {
            submit(late, 10);
            submit(late, 10);
            List<QueuedMessage> lost = late.claim(SHOP, NOW, 10);
            Permit permit = late.permits().tryTake(SERVER, 1).orElseThrow();
            Draft draft = late.draft(SHOP);
            draft.content().write(new byte[SqlDraft.PART]);
            forgetReplicas();
            await().until(() -> !permit.isHeld());
            takeOverFrom(late, lost, draft);
        }
    }

    private void takeOverFrom(SqlQueue late, List<QueuedMessage> lost, Draft draft) throws Exception {
        try (var other = open(LONG)) {
            List<QueuedMessage> taken = other.claim(SHOP, NOW, 10);
            assertThat(taken).hasSize(2);
            assertThat(late.holds(lost.getFirst())).isFalse();
            assertThatThrownBy(() -> lost.getFirst().content().open()).hasMessageContaining("no longer this relay's");
            late.settle(lost.getFirst(), deferred(NOW));
            late.release(lost.getLast());
            assertThat(other.holds(taken.getFirst())).isTrue();
            assertThat(late.claim(SHOP, NOW, 2)).isEmpty();
            assertThatThrownBy(() -> draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false,
                    false, NOW))).isInstanceOf(QueueException.class).hasMessageContaining("is gone");
            draft.close();
            other.settle(taken.getFirst(), done());
            other.settle(taken.getLast(), deferred(NOW));
            assertThat(late.claim(SHOP, NOW, 2)).describedAs("under its new name").hasSize(1);
        }
    }

    @Test
    void whatARelayHeldThatIsNotHeardOfIsFreedAfterItsLease() throws Exception {
        Duration lease = Duration.ofSeconds(1);
        try (var queue = open(lease);
                var connection = PostgresServer.shared().connect(database);
                var statement = connection.createStatement()) {
            statement.execute("INSERT INTO replica (id, expires) VALUES ('gone', 0)");
            String id = submit(queue, 10);
            statement.execute("UPDATE recipient SET claimed_by = 'gone'");
            statement.execute("INSERT INTO permit (server, slot, replica) VALUES ('shop/mx', 1, 'gone')");
            statement.execute("INSERT INTO draft (organization, message, replica, parts)"
                    + " VALUES ('shop/orders', 'draft', 'gone', 1)");
            statement.execute("INSERT INTO body (organization, message, part, content)"
                    + " VALUES ('shop/orders', 'draft', 0, 'x')");
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(queue.claim(SHOP, NOW, 1)).extracting(QueuedMessage::id)
                            .containsExactly(id));
            assertThat(queue.permits().tryTake(SERVER, 1)).isPresent();
            try (var rows = statement.executeQuery("SELECT count(*) FROM body WHERE message = 'draft'")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getInt(1)).isZero();
            }
        }
    }

    @Test
    void allTogetherOpenNoMoreConnectionsThanTheLimit() throws Exception {
        var open = new java.util.concurrent.atomic.AtomicInteger();
        var most = new java.util.concurrent.atomic.AtomicInteger();
        try (var first = open(LONG);
                var second = open(LONG);
                var third = open(LONG);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<java.util.concurrent.Callable<Integer>> users = new ArrayList<>();
            for (SqlQueue queue : List.of(first, second, third, first, second, third)) {
                users.add(() -> {
                    int granted = 0;
                    for (int i = 0; i < 100; i++) {
                        try (var permit = queue.permits().tryTake(SERVER, 3).orElse(null)) {
                            if (permit != null) {
                                granted++;
                                most.accumulateAndGet(open.incrementAndGet(), Math::max);
                                open.decrementAndGet();
                            }
                        }
                    }
                    return granted;
                });
            }
            int sum = 0;
            for (var user : threads.invokeAll(users)) {
                sum += user.get();
            }
            assertThat(sum).isPositive();
            assertThat(most.get()).isLessThanOrEqualTo(3);
            List<Permit> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                all.add(second.permits().tryTake(SERVER, 3).orElseThrow());
            }
            assertThat(first.permits().tryTake(SERVER, 3)).isEmpty();
            all.forEach(Permit::close);
        }
    }

    @Test
    void whatWasTakenByAStatementWhoseAnswerWasLostIsGivenBack() throws Exception {
        try (var proxy = new AnswerLosingProxy(PostgresServer.shared().port());
                var other = open(LONG);
                var first = open(proxy)) {
            String id = submit(other, 10);
            other.release(claimed(other));

            proxy.lose("INSERT INTO permit");
            assertThat(first.permits().tryTake(SERVER, 1)).isEmpty();
            assertThat(proxy.hasLost()).isTrue();
            await().untilAsserted(() -> assertThat(other.permits().tryTake(SERVER, 1)).isPresent());

            proxy.lose("SET claimed_by");
            assertThatThrownBy(() -> first.claim(SHOP, NOW, 1)).isInstanceOf(QueueException.class);
            assertThat(proxy.hasLost()).isTrue();
            await().untilAsserted(() -> assertThat(other.claim(SHOP, NOW, 1)).extracting(QueuedMessage::id)
                    .containsExactly(id));
        }
    }

    @Test
    @Tag("isolation")
    void whatAServerSaysIsRecordedWhateverOctetsItHas() throws Exception {
        try (var queue = open(LONG)) {
            submit(queue, 10);
            queue.settle(claimed(queue), new Settlement(List.of(),
                    List.of(new Settlement.Deferral(0, 1, NOW, NOW, "mx", "450 \0 \ud800 \u0001 no", false),
                            new Settlement.Deferral(1, 1, NOW, NOW, "mx", "450", false)),
                    List.of(), List.of()));
            assertThat(queue.view().find(claimed(queue).id()).orElseThrow().recipients().getFirst().lastReply())
                    .hasValueSatisfying(reply -> assertThat(reply).startsWith("450 ? ").endsWith(" no"));
        }
    }

    private SqlQueue open(AnswerLosingProxy proxy) throws QueueException {
        return SqlQueue.openPostgres(
                new PostgresLocation(location.url()
                        .replace(":" + PostgresServer.shared().port() + "/", ":" + proxy.port() + "/"),
                        location.credentials()),
                QueueLimits.DEFAULT, InstantSource.fixed(NOW), Duration.ofSeconds(5));
    }

    /** The database commits it after this relay has given it up. */
    @Test
    void whatWasCommittedAfterItsConnectionBrokeIsFree() throws Exception {
        var until = new CountDownLatch(1);
        try (var proxy = new AnswerLosingProxy(PostgresServer.shared().port());
                var other = open(LONG);
                var first = open(proxy)) {
            first.onArrival(new Arrivals() {
                @Override
                public boolean wants(ResourceKey organization, long octets, boolean urgent) {
                    return true;
                }

                @Override
                public void arrived(QueuedMessage message) {
                    throw new AssertionError("nobody knows that it is there");
                }

                @Override
                public void arrived(ResourceKey organization, boolean mayBeUrgent) {
                    // It is claimed below.
                }
            });
            proxy.lose("COMMIT", until);
            assertThatThrownBy(() -> submit(first, 10)).isInstanceOf(QueueException.class);
            until.countDown();
            await().untilAsserted(() -> assertThat(other.claim(SHOP, NOW, 1)).hasSize(1));
        }
    }

    @Test
    void whatWasCommittedWithoutAnAnswerIsWhole() throws Exception {
        int size = 2 * SqlDraft.PART + 10;
        try (var proxy = new AnswerLosingProxy(PostgresServer.shared().port());
                var other = open(LONG);
                var first = open(proxy)) {
            try (Draft draft = first.draft(SHOP)) {
                draft.content().write(new byte[size]);
                // A new connection, on which the text of the statement has not been sent yet.
                proxy.lose("INSERT INTO probe");
                assertThatThrownBy(first::probe).isInstanceOf(QueueException.class);
                proxy.lose("COMMIT");
                assertThatThrownBy(() -> draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false,
                        false, NOW))).isInstanceOf(QueueException.class);
            }
            var there = new ArrayList<QueuedMessage>();
            await().until(() -> there.addAll(other.claim(SHOP, NOW, 1)));
            try (var content = there.getFirst().content().open()) {
                assertThat(content.readAllBytes()).hasSize(size);
            }
        }
    }

    private static QueuedMessage claimed(SqlQueue queue) throws QueueException {
        return queue.claim(SHOP, NOW, 1).getFirst();
    }

    @Test
    void wakesTheOthersWhenMailComesThatItDoesNotTake() throws Exception {
        Set<ResourceKey> heard = ConcurrentHashMap.newKeySet();
        try (var first = open(LONG); var second = open(LONG)) {
            second.onArrival(new Arrivals() {
                @Override
                public boolean wants(ResourceKey organization, long octets, boolean urgent) {
                    return false;
                }

                @Override
                public void arrived(QueuedMessage message) {
                    throw new AssertionError("not wanted");
                }

                @Override
                public void arrived(ResourceKey organization, boolean mayBeUrgent) {
                    heard.add(organization);
                }
            });
            submit(first, 10);
            await().until(() -> heard.contains(SHOP));
        }
    }

    @Test
    void countsWhatTheOthersQueued() throws Exception {
        try (var first = open(LONG); var second = open(LONG)) {
            submit(first, 10);
            second.count();
            assertThat(second.usage(SHOP)).isEqualTo(new Usage(1, 10));
        }
    }
}
