package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Three relays on a primary with a synchronous standby. The primary is lost under load, in several ways, and the standby
 * promoted: what was acknowledged arrives, once, and each relay takes and delivers mail again soon.
 */
@Tag("relay")
final class FailoverTest {
    /** Which ones, by comma; the ordinary run tries the first. */
    private static final String LOSSES = System.getProperty("postrider.failovers", Loss.KILLED.name());
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int RELAYS = 3;
    private static final int CONNECTIONS = 3;

    /** What happens to the primary. */
    enum Loss {
        /** All its processes are killed: connections break. */
        KILLED,
        /** Nothing is heard of it any more, on connections that stay open; it comes back later and takes itself for the primary. */
        FROZEN,
        /** It goes on and takes itself for the primary, without a standby that would let it answer a commit. */
        LEFT_BEHIND
    }

    @TempDir
    Path directory;

    static Stream<Loss> losses() {
        return Arrays.stream(LOSSES.split(",", -1)).map(Loss::valueOf);
    }

    private final List<RelayProcess> relays = new ArrayList<>();
    private final List<SubmittingSessions> applications = new ArrayList<>();

    @ParameterizedTest
    @MethodSource("losses")
    void nothingIsLostAndEachRelayGoesOnWithinTenSeconds(Loss loss) throws Exception {
        try (var primary = PostgresServer.start();
                var standby = primary.startSynchronousStandby();
                var server = new CountingServer();
                var doors = new Doors(server.port(), RELAYS)) {
            try {
                String database = primary.newDatabase();
                start(primary.url(standby, database), doors);
                awaitMore(server, PATIENCE);

                lose(loss, primary);
                standby.promote();
                long promoted = System.nanoTime();
                awaitMore(server, SOON);
                Duration interruption = Duration.ofNanos(System.nanoTime() - promoted);
                if (loss == Loss.FROZEN) {
                    primary.signal("CONT");
                    awaitMore(server, PATIENCE);
                }

                for (SubmittingSessions sessions : applications) {
                    sessions.finish();
                }
                Set<String> acknowledged = acknowledged();
                await().atMost(PATIENCE).until(() -> server.hasAll(acknowledged));
                System.out.printf("failover, primary %s: all relays went on after %d ms; acknowledged=%d delivered=%d"
                        + " lost=%d duplicates=%d refused=%d connections=%d of %d%n", loss, interruption.toMillis(),
                        acknowledged.size(), server.messages(), server.lost(acknowledged), server.duplicates(),
                        applications.stream().mapToInt(SubmittingSessions::refused).sum(), doors.most(), CONNECTIONS);
                assertThat(server.duplicates()).as("claimed by two relays").isZero();
                assertThat(doors.most()).as("permits held").isBetween(1, CONNECTIONS);
            } finally {
                stop();
            }
        }
    }

    private void start(String url, Doors doors) throws IOException {
        for (int i = 0; i < RELAYS; i++) {
            Path own = PostgresServer.credentials(Files.createDirectory(directory.resolve("relay" + i)));
            RelayProcess relay = RelayProcess.start(new RelayProcess.Setup(own, doors.port(i), CONNECTIONS,
                    Optional.of(url), List.of("-Xmx128m")));
            relays.add(relay);
            applications.add(new SubmittingSessions("r" + i + "-", 2, relay::submissionPort, 2000));
        }
    }

    private static void lose(Loss loss, PostgresServer primary) throws IOException {
        switch (loss) {
            case KILLED -> primary.signal("KILL");
            case FROZEN -> primary.signal("STOP");
            case LEFT_BEHIND -> {
                // What happens to it is that another is promoted.
            }
        }
    }

    private Set<String> acknowledged() {
        Set<String> all = new HashSet<>();
        applications.forEach(sessions -> all.addAll(sessions.acknowledged()));
        return all;
    }

    /** Each relay takes mail, and some of what it took from now on arrives. */
    private void awaitMore(CountingServer server, Duration most) {
        List<Integer> before = applications.stream().map(sessions -> sessions.acknowledged().size()).toList();
        int delivered = server.messages();
        await().atMost(most).pollInterval(Duration.ofMillis(50)).untilAsserted(() -> {
            for (int i = 0; i < RELAYS; i++) {
                assertThat(applications.get(i).acknowledged().size() - before.get(i)).as("taken by relay %d", i)
                        .isGreaterThan(20);
            }
            assertThat(server.messages() - delivered).as("delivered").isGreaterThan(60);
        });
    }

    private void stop() throws IOException {
        applications.forEach(SubmittingSessions::close);
        for (RelayProcess relay : relays) {
            relay.close();
        }
        applications.clear();
        relays.clear();
    }
}
