package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailCounts;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A relay that is killed again and again while it takes and delivers mail. */
@Tag("relay")
final class KilledRelayTest {
    private static final int KILLS = Integer.getInteger("postrider.kills", 20);
    private static final int LONGEST_LIFE_MILLIS = Integer.getInteger("postrider.kills.life", 400);
    private static final int SESSIONS = 8;
    private static final int CONNECTIONS = 4;

    @TempDir
    Path directory;

    @Test
    void losesNothingThatItAcknowledged() throws Exception {
        var random = new Random(1);
        var port = new AtomicInteger();
        try (var server = new CountingServer()) {
            var setup = new RelayProcess.Setup(directory, server.port(), CONNECTIONS, Optional.empty(),
                    List.of("-Xmx128m"));
            // Leaves an archive of its classes, so that the next ones start sooner.
            RelayProcess.start(setup).close();
            int acknowledged;
            try (var sessions = new SubmittingSessions(SESSIONS, port::get, 2000)) {
                for (int i = 0; i < KILLS; i++) {
                    int before = sessions.acknowledged().size();
                    RelayProcess relay = RelayProcess.start(setup);
                    port.set(relay.submissionPort());
                    await().atMost(Duration.ofSeconds(30))
                            .pollDelay(Duration.ZERO)
                            .pollInterval(Duration.ofMillis(5))
                            .until(() -> sessions.acknowledged().size() > before);
                    LockSupport.parkNanos(random.nextInt(LONGEST_LIFE_MILLIS) * 1_000_000L);
                    relay.kill();
                }
                RelayProcess last = RelayProcess.start(setup);
                port.set(last.submissionPort());
                sessions.finish();
                acknowledged = sessions.acknowledged().size();
                await().atMost(Duration.ofMinutes(2)).until(() -> server.hasAll(sessions.acknowledged()));
                last.close();
                long lost = server.lost(sessions.acknowledged());
                System.out.printf("killed %d times: acknowledged=%d delivered=%d lost=%d duplicates=%d%n", KILLS,
                        acknowledged, server.messages(), lost, server.duplicates());
                assertThat(lost).isZero();
                assertCounted(acknowledged, server.messages() + server.duplicates());
            }
            assertThat(acknowledged).isGreaterThan(KILLS);
            // A place is free again before what came of its message is recorded: so at a kill a message may be under way
            // in each place, and another wait for the record.
            assertThat(server.duplicates()).describedAs("at most the messages in flight or not recorded at the kills")
                    .isLessThanOrEqualTo(KILLS * CONNECTIONS * 2);
        }
    }

    /** What was accepted is delivered, each message counted once, however often a kill has repeated its delivery. */
    private void assertCounted(int acknowledged, int deliveries) throws Exception {
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            LocalDate today = queue.counters().today(TestRoutes.key("orders"));
            MailCounts sum = queue.counters()
                    .read(TestRoutes.key("orders"), today.minusDays(1), today.plusDays(1))
                    .stream()
                    .map(DailyCounts::counts)
                    .reduce(MailCounts.NONE, MailCounts::plus);
            assertThat(sum.accepted()).isBetween((long) acknowledged, (long) deliveries);
            assertThat(sum.delivered()).isEqualTo(sum.recipients()).isEqualTo(sum.accepted());
        }
    }
}
