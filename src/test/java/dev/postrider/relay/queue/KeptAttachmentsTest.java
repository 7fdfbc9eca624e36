package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.KeptAttachment.State;
import dev.postrider.relay.queue.KeptAttachments.Room;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
final class KeptAttachmentsTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final ResourceKey ORDERS = new ResourceKey("shop", "orders");

    @TempDir
    Path directory;

    private SqlQueue open(String database) throws Exception {
        if (database.equals("SQLite")) {
            return SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> NOW);
        }
        var location = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                Optional.of(PostgresServer.credentials(directory)));
        return SqlQueue.openPostgres(location, QueueLimits.DEFAULT, () -> NOW);
    }

    private static KeptAttachment attachment(String message, int part, long size) {
        return attachment(ORDERS, message, part, size);
    }

    private static KeptAttachment attachment(ResourceKey organization, String message, int part, long size) {
        return new KeptAttachment(organization, message, part, Optional.of("token of " + message + part),
                "digest of " + organization + message + part, "links.example.com", "a \"b\"\u202E.pdf",
                "application/pdf", size,
                "00", NOW, NOW.plus(Duration.ofDays(30)), State.STORING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SQLite", "PostgreSQL"})
    @Tag("isolation")
    void ofANamespaceAreBoundedHoweverManyOrganizationsItHas(String database) throws Exception {
        try (SqlQueue queue = open(database)) {
            KeptAttachments kept = queue.keptAttachments();
            for (int i = 0; i < 3; i++) {
                assertThat(kept.reserve(List.of(attachment(new ResourceKey("evil", "o" + i), "M", 0, 100)), 100, 300))
                        .isEqualTo(Room.ENOUGH);
            }
            assertThat(kept.reserve(List.of(attachment(new ResourceKey("evil", "o4"), "M", 0, 1)), 100, 300))
                    .isEqualTo(Room.NAMESPACE_FULL);
            // Names that sort right before and after.
            for (String other : List.of("evi", "evil-", "evil0", "evila", "shop")) {
                assertThat(kept.reserve(List.of(attachment(new ResourceKey(other, "o"), "M", 0, 100)), 100, 300))
                        .as(other)
                        .isEqualTo(Room.ENOUGH);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SQLite", "PostgreSQL"})
    void areKnownFromTheirReservationToTheirEnd(String database) throws Exception {
        try (SqlQueue queue = open(database)) {
            KeptAttachments kept = queue.keptAttachments();
            KeptAttachment first = attachment("M1", 0, 60);
            assertThat(kept.reserve(List.of(first, attachment("M1", 1, 40)), 100, 1000)).isEqualTo(Room.ENOUGH);
            assertThat(kept.of(ORDERS, "M1")).containsExactly(first, attachment("M1", 1, 40));
            assertThat(kept.of(ORDERS, "M2")).isEmpty();
            assertThat(kept.find("digest of shop/ordersM10")).contains(first);
            assertThat(kept.find("token of M10")).isEmpty();
            assertThat(first.toString()).doesNotContain("token", "digest");

            assertThat(kept.reserve(List.of(attachment("M2", 0, 1)), 100, 1000)).isEqualTo(Room.ORGANIZATION_FULL);
            assertThat(kept.of(ORDERS, "M2")).isEmpty();

            kept.stored(List.of(first.until(NOW.plusSeconds(60))));
            assertThat(kept.find("digest of shop/ordersM10").orElseThrow().state()).isEqualTo(State.STORED);
            assertThat(kept.toBeRemoved(NOW, Instant.EPOCH, 10)).isEmpty();
            assertThat(kept.toBeRemoved(NOW.plusSeconds(60), Instant.EPOCH, 10)).extracting(KeptAttachment::part)
                    .containsExactly(0);
            assertThat(kept.toBeRemoved(NOW, NOW, 10)).as("its storing was broken off, and no mail waits for it")
                    .extracting(KeptAttachment::part)
                    .containsExactly(1);

            kept.removed(kept.of(ORDERS, "M1"));
            assertThat(kept.toBeRemoved(NOW.plus(Duration.ofDays(100)), NOW, 10)).isEmpty();
            assertThat(kept.reserve(List.of(attachment("M2", 0, 100)), 100, 1000)).as("there is room again")
                    .isEqualTo(Room.ENOUGH);
            kept.forget(NOW);
            assertThat(kept.of(ORDERS, "M1")).hasSize(2).allMatch(known -> known.token().isEmpty());
            kept.forget(NOW.plusSeconds(60));
            assertThat(kept.of(ORDERS, "M1")).extracting(KeptAttachment::part).containsExactly(1);
        }
    }
}
