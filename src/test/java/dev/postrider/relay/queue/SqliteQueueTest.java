package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to a queue in a file. */
@Tag("relay")
final class SqliteQueueTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir
    Path directory;

    private SqlQueue open() throws QueueException {
        return SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.fixed(NOW));
    }

    private static String submit(Queue queue, ResourceKey organization, String content, String... recipients)
            throws IOException {
        try (Draft draft = queue.draft(organization)) {
            draft.content().write(content.getBytes(StandardCharsets.ISO_8859_1));
            return draft.commit(NewMessage.plain("a@b.example", List.of(recipients), false, false, NOW));
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
        try (var queue = SqlQueue.openSqlite(copy, QueueLimits.DEFAULT, InstantSource.fixed(NOW))) {
            assertThat(queue.claim(SHOP, NOW, 1000)).hasSize(200)
                    .allSatisfy(message -> assertThat(message.content().size()).isEqualTo(5000));
        }
    }

    @Test
    void setsADamagedFileAsideAndBeginsANewOne() throws Exception {
        Path file = directory.resolve("queue.sqlite");
        byte[] damaged = "this is no database, and long enough to be looked at as one".repeat(100)
                .getBytes(StandardCharsets.US_ASCII);
        Files.write(file, damaged);
        try (var queue = open()) {
            assertThat(submit(queue, SHOP, "1", "x@y.example")).hasSize(16);
        }
        assertThat(directory.resolve("queue.sqlite.damaged-20260301T120000Z")).hasBinaryContent(damaged);
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
        open().close();
        assertThat(directory.resolve("queue.sqlite.damaged-20260301T120000Z")).exists();
    }

    @Test
    void servesOneRelayOnly() throws Exception {
        try (var queue = open()) {
            assertThatThrownBy(this::open).isInstanceOf(QueueException.class)
                    .hasMessageContaining("held by another relay");
            assertThat(queue.usage().messages()).isZero();
        }
    }
}
