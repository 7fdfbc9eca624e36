package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three relays on one database: one is killed, one is stopped for longer than its lease, the database crashes. They lose
 * nothing, and all together never have more connections to the server than it takes.
 */
@Tag("relay")
final class ThreeRelaysTest {
    private static final int ROUNDS = Integer.getInteger("postrider.relays.rounds", 1);
    private static final int CONNECTIONS = 3;
    private static final int FLOOD = 600;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** A relay and the door to the server that is its own. */
    private record Member(RelayProcess process, int door) {}

    @TempDir
    Path directory;

    private final List<Member> relays = new ArrayList<>();
    private final List<RelayProcess.Setup> setups = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    private int somePort() {
        synchronized (relays) {
            return relays.isEmpty()
                    ? 1
                    : relays.get(turn.incrementAndGet() % relays.size()).process.submissionPort();
        }
    }

    private void join(Member relay) {
        synchronized (relays) {
            relays.add(relay);
        }
    }

    private void start(int door) throws IOException {
        join(new Member(RelayProcess.start(setups.get(door)), door));
    }

    private Member leave() {
        synchronized (relays) {
            return relays.removeFirst();
        }
    }

    @Test
    void loseNothingAndKeepTheLimitOfConnections() throws Exception {
        try (var database = PostgresServer.start();
                var server = new CountingServer();
                var doors = new Doors(server.port(), 3)) {
            String url = database.url(database.newDatabase());
            for (int i = 0; i < 3; i++) {
                Path own = PostgresServer.credentials(Files.createDirectory(directory.resolve("relay" + i)));
                setups.add(new RelayProcess.Setup(own, doors.port(i), CONNECTIONS, Optional.of(url),
                        List.of("-Xmx128m")));
                start(i);
            }
            try (var sessions = new SubmittingSessions(6, this::somePort, 2000)) {
                awaitMore(sessions);
                for (int i = 0; i < ROUNDS; i++) {
                    disturb(sessions, database, doors);
                }
                sessions.finish();
                try {
                    // Mail comes in faster than three connections take it.
                    await().atMost(PATIENCE.multipliedBy(1 + ROUNDS))
                            .until(() -> server.hasAll(sessions.acknowledged()));
                } catch (ConditionTimeoutException e) {
                    throw new AssertionError(left(database, url), e);
                }
                System.out.printf("three relays: acknowledged=%d delivered=%d lost=%d duplicates=%d refused=%d"
                        + " connections=%d of %d%n", sessions.acknowledged().size(), server.messages(),
                        server.lost(sessions.acknowledged()), server.duplicates(), sessions.refused(), doors.most(),
                        CONNECTIONS);
                // In flight: at the relay that was killed, at the one that was stopped, at all three as the database went.
                assertThat(server.duplicates()).isLessThanOrEqualTo(ROUNDS * 5 * CONNECTIONS);
                assertThat(doors.most()).isBetween(1, CONNECTIONS);
                assertThat(doors.mailsOfForgotten())
                        .describedAs("begun by a relay that slept beyond its lease, each in the moment it fell asleep")
                        .isLessThanOrEqualTo(ROUNDS * CONNECTIONS);
            } finally {
                for (Member relay : relays) {
                    relay.process.close();
                }
            }
        }
    }

    @Test
    @Tag("isolation")
    void aMessageThatEachOfThemDiesOfIsHeldByTheThird() throws Exception {
        var arrived = new ConcurrentLinkedQueue<String>();
        try (var database = PostgresServer.start();
                var server = CountingSmtpServer.start(Duration.ZERO, arrived::add)) {
            String url = database.url(database.newDatabase());
            List<RelayProcess> processes = new ArrayList<>();
            try {
                for (int i = 0; i < 3; i++) {
                    Path own = PostgresServer.credentials(Files.createDirectory(directory.resolve("relay" + i)));
                    processes.add(RelayProcess.start(new RelayProcess.Setup(own, server.port(), CONNECTIONS,
                            Optional.of(url), List.of("-Xmx128m", RelayProcess.DEADLY))));
                }
                submit(processes.getFirst(), "deadly@shop.example", "x@y.example", "x".repeat(70) + "\r\n");
                await().atMost(PATIENCE)
                        .until(() -> processes.stream().filter(RelayProcess::isAlive).count() == 1);
                RelayProcess last = processes.stream().filter(RelayProcess::isAlive).findFirst().orElseThrow();
                await().atMost(PATIENCE)
                        .until(() -> last.log().contains("poisoned: a relay was lost while it tried it"));
                submit(last, "victim@shop.example", "victim@y.example", "x\r\n");
                await().atMost(PATIENCE).until(() -> arrived.contains("victim@y.example"));
                assertThat(last.isAlive()).isTrue();
                assertThat(arrived).doesNotContain("x@y.example");
            } finally {
                for (RelayProcess process : processes) {
                    process.close();
                }
            }
        }
    }

    /** Each relay knows its own places; the permits of all are in the database. One of them has no connection yet. */
    @Test
    @Tag("isolation")
    void aNamespaceThatFloodsThemLeavesConnectionsToTheServerForOthers() throws Exception {
        var arrived = new ConcurrentLinkedQueue<String>();
        try (var database = PostgresServer.start();
                var server = CountingSmtpServer.start(Duration.ofMillis(100), arrived::add);
                var doors = new Doors(server.port(), 3)) {
            String url = database.url(database.newDatabase());
            List<RelayProcess> processes = new ArrayList<>();
            try {
                for (int i = 0; i < 3; i++) {
                    Path own = PostgresServer.credentials(Files.createDirectory(directory.resolve("relay" + i)));
                    processes.add(RelayProcess.start(new RelayProcess.Setup(own, doors.port(i), 2 * CONNECTIONS,
                            Optional.of(url), List.of("-Xmx128m", RelayProcess.HOSTILE))));
                }
                flood(processes.subList(0, 2));
                await().atMost(PATIENCE).until(() -> arrived.size() > 10 * CONNECTIONS);

                List<Long> times = new ArrayList<>();
                for (int i = 0; i < 12; i++) {
                    String to = "victim-" + i + "@y.example";
                    long began = System.nanoTime();
                    submit(processes.get(i % 3), "orders@shop.example", to, "");
                    await().atMost(Duration.ofSeconds(5))
                            .pollInterval(Duration.ofMillis(20))
                            .until(() -> arrived.contains(to));
                    times.add((System.nanoTime() - began) / 1_000_000);
                }
                long flooded = arrived.stream().filter(to -> to.equals("flood@y.example")).count();
                System.out.printf(
                        "three relays: the victim's mails took %s ms, the flood had %d of %d, connections %d of %d%n",
                        times, flooded, FLOOD, doors.most(), 2 * CONNECTIONS);
                assertThat(flooded).as("the flood goes on").isLessThan(FLOOD);
                assertThat(doors.most()).isBetween(CONNECTIONS, 2 * CONNECTIONS);
            } finally {
                for (RelayProcess process : processes) {
                    process.close();
                }
            }
        }
    }

    /** From organizations of namespace "evil", the same number at each relay. */
    private static void flood(List<RelayProcess> processes) throws Exception {
        List<Callable<Boolean>> senders = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            RelayProcess relay = processes.get(i % processes.size());
            String user = "flood-" + i + ".evil";
            senders.add(() -> {
                try (var client = OtherTenant.session(relay.submissionPort(), user)) {
                    boolean all = true;
                    for (int j = 0; j < FLOOD / 12; j++) {
                        all &= client.mail("a@evil.example", "flood@y.example", "Subject: x\r\n\r\nx\r\n")
                                .startsWith("250");
                    }
                    return all;
                }
            });
        }
        try (var threads = Executors.newFixedThreadPool(6)) {
            for (var sender : threads.invokeAll(senders)) {
                assertThat(sender.get()).isTrue();
            }
        }
    }

    /** A mail of 5,000 such lines. */
    private static void submit(RelayProcess relay, String sender, String recipient, String line) throws IOException {
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO c");
            client.login("orders.shop", TestRoutes.PASSWORD);
            assertThat(client.mail(sender, recipient, "Subject: x\r\n\r\n" + line.repeat(5000))).startsWith("250");
        }
    }

    private void disturb(SubmittingSessions sessions, PostgresServer database, Doors doors) throws Exception {
        Member killed = leave();
        killed.process.kill();
        awaitMore(sessions);
        Member stopped = leave();
        stopped.process.signal("STOP");
        try {
            // The server still has its connections, and nobody can close them. What it sent before has arrived by now,
            // and its lease has not ended.
            await().pollDelay(RelayMain.LEASE.dividedBy(2)).atMost(PATIENCE).until(() -> true);
            System.out.println("connections of the relay that is stopped: " + doors.forget(stopped.door));
            awaitMore(sessions);
            // Longer than the lease.
            await().pollDelay(RelayMain.LEASE.plusSeconds(1)).atMost(PATIENCE).until(() -> true);
            awaitMore(sessions);
        } finally {
            stopped.process.signal("CONT");
        }
        join(stopped);
        awaitMore(sessions);
        database.crash();
        int refused = sessions.refused();
        await().atMost(PATIENCE).until(() -> sessions.refused() > refused);
        database.restart();
        awaitMore(sessions);
        start(killed.door);
        awaitMore(sessions);
    }

    /** What is still queued, and who has it. */
    private static String left(PostgresServer database, String url) throws SQLException {
        var left = new StringBuilder("queued at " + System.currentTimeMillis() + ":");
        try (var connection = database.connect(url.replaceAll(".*/|\\?.*", ""));
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT message, attempts, next_attempt, claimed_by,"
                        + " (SELECT expires FROM replica WHERE id = claimed_by), last_reply FROM recipient LIMIT 50")) {
            while (rows.next()) {
                left.append('\n');
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    left.append(rows.getString(i)).append(' ');
                }
            }
        }
        return left.toString();
    }

    private static void awaitMore(SubmittingSessions sessions) {
        int before = sessions.acknowledged().size();
        await().atMost(PATIENCE).until(() -> sessions.acknowledged().size() > before + 20);
    }
}
