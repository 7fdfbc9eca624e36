package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory of messages that are coming in: a namespace cannot use up that of others, and nothing is lost without it. */
@Tag("isolation")
final class DraftMemoryTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final ResourceKey GREEDY = new ResourceKey("evil", "greedy");
    private static final ResourceKey OTHER = new ResourceKey("shop", "orders");

    @TempDir
    Path directory;

    @Test
    void isAQuarterForOneNamespace() {
        var memory = new DraftMemory(100);
        assertThat(memory.take("evil", 25)).isTrue();
        assertThat(memory.take("evil", 1)).isFalse();
        assertThat(memory.take("shop", 25)).isTrue();
        memory.giveBack("evil", 10);
        assertThat(memory.take("evil", 10)).isTrue();
        assertThat(memory.take("a", 25) && memory.take("b", 25)).isTrue();
        assertThat(memory.take("c", 1)).isFalse();
    }

    @Test
    void isNotNeededForAMessageToBeWhole() throws Exception {
        byte[] almostAPart = new byte[SqlDraft.PART - 1];
        byte[] mail = new byte[5 * SqlDraft.PART / 2];
        new Random(1).nextBytes(mail);
        List<Draft> held = new ArrayList<>();
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> NOW)) {
            int enough = Math.toIntExact(Runtime.getRuntime().maxMemory() / 6 / 4 / almostAPart.length) + 20;
            for (int i = 0; i < enough; i++) {
                Draft draft = queue.draft(GREEDY);
                draft.content().write(almostAPart);
                held.add(draft);
            }
            commit(queue, GREEDY, mail);
            commit(queue, OTHER, mail);
            held.forEach(Draft::close);
            commit(queue, GREEDY, mail);

            List<QueuedMessage> greedy = queue.claim(GREEDY, NOW, 10);
            assertThat(greedy).hasSize(2).allSatisfy(message -> isWhole(message, mail));
            assertThat(queue.claim(OTHER, NOW, 10)).singleElement().satisfies(message -> isWhole(message, mail));
        }
    }

    private static void commit(SqlQueue queue, ResourceKey organization, byte[] mail) throws IOException {
        try (Draft draft = queue.draft(organization)) {
            for (int i = 0; i < mail.length; i += 8192) {
                draft.content().write(mail, i, Math.min(8192, mail.length - i));
            }
            draft.commit(NewMessage.plain("a@x.example", List.of("b@y.example"), false, false, NOW));
        }
    }

    private static void isWhole(QueuedMessage message, byte[] mail) throws IOException {
        assertThat(message.content().size()).isEqualTo(mail.length);
        for (int from : new int[]{0, 1, 16 * 1024, SqlDraft.PART - 1, SqlDraft.PART, 2 * SqlDraft.PART + 7,
                mail.length - 1, mail.length}) {
            try (InputStream in = message.content().open()) {
                in.skipNBytes(from);
                assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(mail, from, mail.length));
            }
        }
    }
}
