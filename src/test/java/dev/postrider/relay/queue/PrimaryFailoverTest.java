package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Queues on a primary with a synchronous standby, as they write and do not write. */
@Tag("relay")
final class PrimaryFailoverTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey SERVER = new ResourceKey("shop", "mx");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private SqlQueue open(String url) throws IOException {
        return SqlQueue.openPostgres(new PostgresLocation(url, Optional.of(PostgresServer.credentials(directory))),
                QueueLimits.DEFAULT, InstantSource.fixed(NOW), LEASE);
    }

    private static String submit(Queue queue) throws IOException {
        try (Draft draft = queue.draft(SHOP)) {
            draft.content().write(new byte[10]);
            return draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, NOW));
        }
    }

    private static boolean has(PostgresServer server, String database, String id) throws SQLException {
        try (var connection = server.connect(database);
                var query = connection.prepareStatement("SELECT 1 FROM message WHERE id = ?")) {
            query.setString(1, id);
            try (var rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    /** It was cut off from the standby, which took its place, and nobody told it. */
    @Test
    void aFormerPrimaryThatRunsOnIsLeftAlone() throws Exception {
        try (var former = PostgresServer.start(); var promoted = former.startSynchronousStandby()) {
            String database = former.newDatabase();
            String url = former.url(promoted, database);
            try (var first = open(url); var second = open(url)) {
                String held = submit(first);
                QueuedMessage message = first.claim(SHOP, NOW, 1).getFirst();
                ConnectionPermits.Permit permit = first.permits().tryTake(SERVER, 1).orElseThrow();

                promoted.promote();

                String later = await().atMost(SOON)
                        .ignoreExceptionsInstanceOf(IOException.class)
                        .until(() -> submit(first), id -> true);
                assertThat(has(promoted, database, later)).isTrue();
                assertThat(has(former, database, later)).isFalse();
                await().atMost(SOON).ignoreExceptionsInstanceOf(IOException.class).until(() -> {
                    second.probe();
                    return true;
                });
                assertThat(second.claim(SHOP, NOW, 10)).as("what nobody has")
                        .extracting(QueuedMessage::id)
                        .containsExactly(later);
                assertThat(second.permits().tryTake(SERVER, 1)).as("the permit is held").isEmpty();
                assertThat(first.holds(message)).isTrue();
                assertThat(permit.isHeld()).isTrue();
                first.settle(message, new Settlement(List.of(0), List.of(), List.of(), List.of()));
                assertThat(has(promoted, database, held)).isFalse();
            }
            try (var third = open(url)) {
                assertThat(has(promoted, database, submit(third))).as("by one that has seen neither before").isTrue();
            }
        }
    }

    /** The server says that it is committed, and only warns that no standby has it. */
    @Test
    void aCommitWhoseWaitForTheStandbyWasEndedIsNotAcknowledged() throws Exception {
        try (var primary = PostgresServer.start(); var standby = primary.startSynchronousStandby()) {
            String database = primary.newDatabase();
            try (var queue = open(primary.url(standby, database))) {
                submit(queue);
                standby.signal("STOP");
                var submitted = CompletableFuture.supplyAsync(() -> {
                    try {
                        return submit(queue);
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                }, Thread::startVirtualThread);
                try {
                    await().atMost(SOON).until(() -> endWaits(primary) && submitted.isDone());
                } finally {
                    standby.signal("CONT");
                }
                assertThatThrownBy(submitted::join).hasCauseInstanceOf(QueueException.class)
                        .hasMessageContaining("a commit is not known to be on a standby");
                await().atMost(SOON)
                        .ignoreExceptionsInstanceOf(IOException.class)
                        .until(() -> submit(queue), id -> true);
            }
        }
    }

    /** As an administrator does whose standby is away. */
    private static boolean endWaits(PostgresServer primary) throws SQLException {
        try (var connection = primary.connect("postgres");
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
                        + " WHERE wait_event = 'SyncRep'")) {
            return rows.next();
        }
    }
}
