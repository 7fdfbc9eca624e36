package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three relays on one database: one is killed, one is stopped for longer than its lease, the database crashes. */
@Tag("relay")
final class ThreeRelaysTest {
    private static final int ROUNDS = Integer.getInteger("postrider.relays.rounds", 1);
    private static final int CONNECTIONS = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    private final List<RelayProcess> relays = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    private int somePort() {
        synchronized (relays) {
            return relays.isEmpty() ? 1 : relays.get(turn.incrementAndGet() % relays.size()).submissionPort();
        }
    }

    private void join(RelayProcess relay) {
        synchronized (relays) {
            relays.add(relay);
        }
    }

    private RelayProcess leave(int number) {
        synchronized (relays) {
            return relays.remove(number);
        }
    }

    @Test
    void loseNothing() throws Exception {
        try (var database = PostgresServer.start(); var server = new CountingServer()) {
            String url = database.url(database.newDatabase());
            List<RelayProcess.Setup> setups = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Path own = PostgresServer.credentials(Files.createDirectory(directory.resolve("relay" + i)));
                setups.add(
                        new RelayProcess.Setup(own, server.port(), CONNECTIONS, Optional.of(url), List.of("-Xmx128m")));
            }
            for (RelayProcess.Setup setup : setups) {
                join(RelayProcess.start(setup));
            }
            try (var sessions = new SubmittingSessions(6, this::somePort, 2000)) {
                awaitMore(sessions);
                for (int i = 0; i < ROUNDS; i++) {
                    disturb(sessions, database, setups.getFirst());
                }
                sessions.finish();
                await().atMost(PATIENCE).until(() -> server.hasAll(sessions.acknowledged()));
                System.out.printf("three relays: acknowledged=%d delivered=%d lost=%d duplicates=%d refused=%d%n",
                        sessions.acknowledged().size(), server.messages(), server.lost(sessions.acknowledged()),
                        server.duplicates(), sessions.refused());
                // In flight: at the relay that was killed, at the one that was stopped, at all three as the database went.
                assertThat(server.duplicates()).isLessThanOrEqualTo(ROUNDS * 5 * CONNECTIONS);
            } finally {
                for (RelayProcess relay : relays) {
                    relay.close();
                }
            }
        }
    }

    private void disturb(SubmittingSessions sessions, PostgresServer database, RelayProcess.Setup setup)
            throws Exception {
        leave(0).kill();
        awaitMore(sessions);
        RelayProcess stopped = leave(0);
        stopped.signal("STOP");
        try {
            awaitMore(sessions);
            // Longer than the lease.
            await().pollDelay(RelayMain.LEASE.plusSeconds(1)).atMost(PATIENCE).until(() -> true);
            awaitMore(sessions);
        } finally {
            stopped.signal("CONT");
        }
        join(stopped);
        database.crash();
        int refused = sessions.refused();
        await().atMost(PATIENCE).until(() -> sessions.refused() > refused);
        database.restart();
        awaitMore(sessions);
        join(RelayProcess.start(setup));
        awaitMore(sessions);
    }

    private static void awaitMore(SubmittingSessions sessions) {
        int before = sessions.acknowledged().size();
        await().atMost(PATIENCE).until(() -> sessions.acknowledged().size() > before + 20);
    }
}
