package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("relay")
final class QueueMoveTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey MX = new ResourceKey("shop", "mx");
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    @TempDir
    Path directory;

    private PostgresLocation target;

    @BeforeEach
    void makeDatabase() throws Exception {
        target = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                Optional.of(PostgresServer.credentials(directory.resolve("login"))));
    }

    private SqlQueue openSource() throws QueueException {
        return SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, CLOCK);
    }

    private SqlQueue openTarget() throws QueueException {
        return SqlQueue.openPostgres(target, QueueLimits.DEFAULT, CLOCK);
    }

    private static void fill(Queue queue, int messages) throws IOException {
        for (int i = 0; i < messages; i++) {
            try (Draft draft = queue.draft(SHOP)) {
                byte[] octets = new byte[i == 0 ? SqlDraft.PART + 5 : 3000];
                Arrays.fill(octets, (byte) 'x');
                draft.content().write(octets);
                draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false, NOW)
                        .with(Optional.of(draft.id().getBytes(StandardCharsets.US_ASCII)))
                        .of(Optional.of(MailClass.ALERTS)));
            }
        }
    }

    private QueueMove.Result move(Path from) throws QueueException {
        return QueueMove.run(from, target, CLOCK, (done, all) -> {});
    }

    private static void assertReadable(List<QueuedMessage> messages) throws IOException {
        for (QueuedMessage message : messages) {
            assertThat(message.credentials().orElseThrow()).asString(StandardCharsets.US_ASCII)
                    .isEqualTo(message.id());
            try (InputStream in = message.content().open()) {
                assertThat(in.readAllBytes()).hasSize((int) message.content().size()).containsOnly('x');
            }
        }
    }

    @Test
    void carriesAQueueOver() throws Exception {
        try (var source = openSource()) {
            fill(source, 121);
            QueuedMessage refused = source.claim(SHOP, NOW, 1).getFirst();
            source.settle(refused, new Settlement(List.of(0), List.of(), List.of(), List.of(), Map.of(0,
                    new Settlement.Fate(Settlement.Ending.BOUNCED, MX, Optional.of("SpamBlocked")))));
            assertThatThrownBy(() -> move(directory)).hasMessageContaining("held by another relay");
        }
        assertThat(move(directory)).isEqualTo(new QueueMove.Result(120, 0));
        assertThat(move(directory)).isEqualTo(new QueueMove.Result(0, 0));
        try (var source = openSource(); var queue = openTarget()) {
            assertThat(source.usage()).isEqualTo(Usage.NONE);
            assertThat(queue.usage().messages()).isEqualTo(120);
            List<QueuedMessage> messages = queue.claim(SHOP, NOW, 1000);
            assertThat(messages).hasSize(120).allMatch(message -> message.countedAs().equals(Optional.of("alerts")));
            assertReadable(messages);
            assertThat(queue.counters().read(SHOP, LocalDate.parse("2026-03-01"), LocalDate.parse("2026-03-02")))
                    .containsExactly(new DailyCounts(LocalDate.parse("2026-03-01"), Optional.of("alerts"),
                            Optional.empty(), new MailCounts(121, 121, 0, 0, 0, 0, 0, SqlDraft.PART + 5 + 120 * 3000)),
                            new DailyCounts(LocalDate.parse("2026-03-01"), Optional.of("alerts"), Optional.of(MX),
                                    MailCounts.bounced(1, "SpamBlocked")));
        }
    }

    @Test
    void takesAFileOfAVersionThatDidNotCount() throws Exception {
        try (var source = openSource()) {
            fill(source, 3);
        }
        try (var old = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var statement = old.createStatement()) {
            statement.execute("DROP TABLE counter");
            statement.execute("DROP TABLE bounce");
            statement.execute("ALTER TABLE message DROP COLUMN mail_class");
        }
        assertThat(move(directory)).isEqualTo(new QueueMove.Result(3, 0));
        try (var queue = openTarget()) {
            assertThat(queue.claim(SHOP, NOW, 10)).hasSize(3).allMatch(message -> message.countedAs().isEmpty());
        }
    }

    /** As if it had been broken off between the commit there and the one here. */
    @Test
    void movesNothingTwiceThatWasDeliveredInBetween() throws Exception {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        try (var source = openSource()) {
            fill(source, 3);
        }
        Files.copy(directory.resolve("queue.sqlite"), copy.resolve("queue.sqlite"));
        move(directory);
        try (var queue = openTarget()) {
            queue.settle(queue.claim(SHOP, NOW, 1).getFirst(),
                    new Settlement(List.of(0), List.of(), List.of(), List.of()));
        }
        assertThat(move(copy)).isEqualTo(new QueueMove.Result(3, 0));
        try (var queue = openTarget()) {
            assertThat(queue.usage().messages()).isEqualTo(2);
        }
    }

    @Test
    void savesWhatCanBeReadOfADamagedFile() throws Exception {
        try (var source = openSource()) {
            fill(source, 200);
        }
        Path file = directory.resolve("queue.sqlite");
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long page = Files.size(file) / 4096 / 2; page < Files.size(file) / 4096 / 2 + 3; page++) {
                channel.write(ByteBuffer.wrap(new byte[4096]), page * 4096);
            }
        }
        Path aside = Files.move(file, directory.resolve("queue.sqlite.damaged-20260301T120000Z"));
        QueueMove.Result result = move(aside);
        System.out.println("of 200 messages in a damaged file: " + result);
        assertThat(result.moved()).isBetween(100, 199);
        try (var queue = openTarget()) {
            List<QueuedMessage> messages = queue.claim(SHOP, NOW, 1000);
            assertThat(messages).hasSize(result.moved());
            assertReadable(messages);
        }
    }
}
