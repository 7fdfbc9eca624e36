package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteQueueTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey OTHER = new ResourceKey("shop", "other");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir
    Path directory;

    private SqliteQueue open() throws QueueException {
        return SqliteQueue.open(directory, InstantSource.fixed(NOW));
    }

    private static String submit(Queue queue, ResourceKey organization, String content, String... recipients)
            throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(content.getBytes(StandardCharsets.ISO_8859_1));
            draft.commit("a@b.example", List.of(recipients), false, false, NOW);
            return draft.id();
        }
    }

    private static String content(QueuedMessage message) throws IOException {
        try (InputStream in = message.content().open()) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static Settlement done(Integer... numbers) {
        return new Settlement(List.of(numbers), List.of(), Optional.empty());
    }

    @Test
    void keepsWhatWasCommitted() throws Exception {
        String id;
        try (var queue = open()) {
            id = submit(queue, SHOP, "text\r\n", "x@y.example", "z@y.example");
        }
        try (var queue = open()) {
            assertThat(queue.count()).isEqualTo(1);
            assertThat(queue.schedule()).containsExactly(java.util.Map.entry(SHOP, NOW));
            QueuedMessage message = queue.claim(SHOP, NOW, 10).getFirst();
            assertThat(message.id()).isEqualTo(id);
            assertThat(message.sender()).isEqualTo("a@b.example");
            assertThat(message.received()).isEqualTo(NOW);
            assertThat(message.recipients()).containsExactly(new QueuedRecipient(0, "x@y.example", 0),
                    new QueuedRecipient(1, "z@y.example", 0));
            assertThat(content(message)).isEqualTo("text\r\n");
        }
    }

    @Test
    void keepsWhatWasCommittedWhenTheProcessJustEnds() throws Exception {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        try (var queue = open(); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<String>> submissions = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                submissions.add(() -> submit(queue, SHOP, "x".repeat(5000), "x@y.example"));
            }
            for (Future<String> submission : threads.invokeAll(submissions)) {
                assertThat(submission.get()).hasSize(16);
            }
            // What is on disk at this moment, without any of what closing would write.
            Files.copy(directory.resolve("queue.sqlite"), copy.resolve("queue.sqlite"));
            Files.copy(directory.resolve("queue.sqlite-wal"), copy.resolve("queue.sqlite-wal"));
        }
        try (var queue = SqliteQueue.open(copy, InstantSource.fixed(NOW))) {
            assertThat(queue.claim(SHOP, NOW, 1000)).hasSize(200)
                    .allSatisfy(message -> assertThat(content(message)).hasSize(5000));
        }
    }

    @Test
    void claimsAMessageOnce() throws Exception {
        try (var queue = open()) {
            submit(queue, SHOP, "1", "x@y.example");
            submit(queue, SHOP, "2", "x@y.example");
            submit(queue, OTHER, "3", "x@y.example");
            List<QueuedMessage> first = queue.claim(SHOP, NOW, 1);
            List<QueuedMessage> second = queue.claim(SHOP, NOW, 10);
            assertThat(first).hasSize(1);
            assertThat(second).hasSize(1);
            assertThat(queue.claim(SHOP, NOW, 10)).isEmpty();
            assertThat(queue.nextAttempt(SHOP)).isEmpty();
            queue.release(first.getFirst());
            assertThat(queue.nextAttempt(SHOP)).contains(NOW);
            assertThat(queue.claim(SHOP, NOW, 10)).hasSize(1);
        }
    }

    @Test
    void settlesEachRecipientOnItsOwn() throws Exception {
        Instant later = NOW.plus(Duration.ofMinutes(5));
        try (var queue = open()) {
            submit(queue, SHOP, "1", "x@y.example", "z@y.example");
            QueuedMessage message = queue.claim(SHOP, NOW, 1).getFirst();
            queue.settle(message, new Settlement(List.of(0),
                    List.of(new Settlement.Deferral(1, 1, later, "mx", "450 later")), Optional.empty()));
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            assertThat(queue.nextAttempt(SHOP)).contains(later);
            QueuedMessage again = queue.claim(SHOP, later, 1).getFirst();
            assertThat(again.recipients()).containsExactly(new QueuedRecipient(1, "z@y.example", 1));
            assertThat(queue.count(SHOP)).isEqualTo(1);
            queue.settle(again, done(1));
            assertThat(queue.count(SHOP)).isZero();
            assertThat(queue.count()).isZero();
        }
    }

    @Test
    void carriesBigMessagesInParts() throws Exception {
        byte[] octets = new byte[3 * SqliteDraft.PART + 17];
        new Random(1).nextBytes(octets);
        String big = new String(octets, StandardCharsets.ISO_8859_1);
        try (var queue = open()) {
            submit(queue, SHOP, big, "x@y.example");
            QueuedMessage message = queue.claim(SHOP, NOW, 1).getFirst();
            assertThat(message.content().size()).isEqualTo(octets.length);
            assertThat(content(message)).isEqualTo(big);
        }
    }

    @Test
    void forgetsADraftThatWasNotCommitted() throws Exception {
        long before;
        try (var queue = open()) {
            try (Draft draft = queue.draft(SHOP)) {
                draft.content().write(new byte[2 * SqliteDraft.PART]);
            }
            assertThat(queue.claim(SHOP, NOW, 1)).isEmpty();
            Draft lost = queue.draft(SHOP);
            lost.content().write(new byte[2 * SqliteDraft.PART]);
            before = parts();
        }
        try (var queue = open()) {
            assertThat(before).isEqualTo(2);
            assertThat(parts()).isZero();
            assertThat(queue.count()).isZero();
        }
    }

    private long parts() throws Exception {
        try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var rows = connection.createStatement().executeQuery("SELECT count(*) FROM body")) {
            return rows.getLong(1);
        }
    }

    @Test
    void removesAnOrganizationsMail() throws Exception {
        try (var queue = open()) {
            for (int i = 0; i < 600; i++) {
                submit(queue, SHOP, "1", "x@y.example");
            }
            submit(queue, OTHER, "2", "x@y.example");
            assertThat(queue.removeReceivedBefore(SHOP, NOW)).isZero();
            assertThat(queue.removeAll(SHOP)).isEqualTo(600);
            assertThat(queue.count()).isEqualTo(1);
            assertThat(queue.schedule()).containsOnlyKeys(OTHER);
        }
    }

    @Test
    void refusesADamagedFileAndLeavesItAlone() throws Exception {
        Path file = directory.resolve("queue.sqlite");
        byte[] damaged = "this is no database, and long enough to be looked at as one".repeat(100)
                .getBytes(StandardCharsets.US_ASCII);
        Files.write(file, damaged);
        assertThatThrownBy(this::open).isInstanceOf(QueueException.Corrupt.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("move it and its -wal file away");
        assertThat(Files.readAllBytes(file)).isEqualTo(damaged);
    }

    @Test
    void findsDamageWithinTheFile() throws Exception {
        try (var queue = open()) {
            for (int i = 0; i < 100; i++) {
                submit(queue, SHOP, "x".repeat(3000), "x@y.example");
            }
        }
        Path file = directory.resolve("queue.sqlite");
        try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long page = 1; page < 40; page++) {
                channel.write(java.nio.ByteBuffer.wrap(new byte[]{1, 2, 3, 4, 5, 6, 7, 8}), page * 4096);
            }
        }
        assertThatThrownBy(this::open).isInstanceOf(QueueException.Corrupt.class);
    }

    @Test
    void servesOneRelayOnly() throws Exception {
        try (var queue = open()) {
            assertThatThrownBy(this::open).isInstanceOf(QueueException.class)
                    .hasMessageContaining("held by another relay");
            assertThat(queue.count()).isZero();
        }
    }

    @Test
    void refusesAFileOfALaterVersion() throws Exception {
        open().close();
        try (var connection = java.sql.DriverManager
                .getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"))) {
            connection.createStatement().execute("PRAGMA user_version = 99");
        }
        assertThatThrownBy(this::open).hasMessageContaining("schema version 99");
    }

    @Test
    void givesIdsThatSortByTime() {
        String early = new QueueIds(InstantSource.fixed(NOW)).next();
        String late = new QueueIds(InstantSource.fixed(NOW.plusMillis(1))).next();
        assertThat(early).hasSize(16).isLessThan(late);
    }
}
