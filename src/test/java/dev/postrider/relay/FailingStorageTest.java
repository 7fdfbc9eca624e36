package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.queue.PostgresLocation;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.queue.Usage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A relay whose disk or database fails answers 4yz, says so, goes on, and takes mail again when that is over. */
@Tag("relay")
final class FailingStorageTest {
    private static final String TAKEN = "250 2.0.0 queued as [0-9A-Z]{16}";

    @TempDir
    Path directory;

    private final Routes routes = new Routes();
    private final RecordingUpstreams upstreams = new RecordingUpstreams();

    private Relay start(Path data, QueueSettings queue) throws IOException {
        return start(data, 0, queue);
    }

    private Relay start(Path data, int adminPort, QueueSettings queue) throws IOException {
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 4));
        routes.put(organization("orders", State.OPEN));
        routes.markComplete();
        return Relay.start(new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, adminPort, data,
                SmtpLimits.DEFAULT, true, RelayConfiguration.DEFAULT.received(), queue), routes, upstreams,
                InstantSource.system());
    }

    private static String mail(Relay relay, int size) throws IOException {
        return mail(relay.submissionPort(), size);
    }

    private static String mail(int port, int size) throws IOException {
        try (var client = Dialogue.connect(port)) {
            client.say("EHLO c");
            client.login("orders.shop", PASSWORD);
            return client.mail("a@b.example", "x@y.example",
                    "Subject: " + UUID.randomUUID() + "\r\n\r\n" + ("x".repeat(70) + "\r\n").repeat(size / 72));
        }
    }

    private static String readiness(Relay relay) throws IOException, InterruptedException {
        return get(relay, "/readyz").strip();
    }

    private static String get(Relay relay, String path) throws IOException, InterruptedException {
        return get(relay.adminPort(), path);
    }

    private static String get(int port, String path) throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .header("Authorization", "Bearer " + TestRoutes.ADMIN_TOKEN)
                    .build(),
                    HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    private void awaitDelivered(int messages) {
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(messages));
    }

    @Test
    void withoutRoomOnTheDisk() throws Exception {
        try (var disk = SmallDisk.mount(directory.resolve("disk"), 48);
                var relay = start(disk.directory(), QueueSettings.DEFAULT)) {
            assertThat(mail(relay, 1000)).matches(TAKEN);
            if (!disk.isMounted()) {
                return;
            }
            disk.fill();
            assertThat(mail(relay, 1000)).isEqualTo("452 4.3.1 no room for the message, try again later");
            assertThat(mail(relay, 2_000_000)).isEqualTo("452 4.3.1 no room for the message, try again later");
            assertThat(readiness(relay)).startsWith("the queue cannot be written: ");
            disk.clear();
            assertThat(mail(relay, 2_000_000)).matches(TAKEN);
            assertThat(readiness(relay)).isEqualTo("ok");
            awaitDelivered(2);
        }
    }

    @Test
    void withItsLimitReached() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        var limits = new QueueLimits(new Usage(1000, 1 << 30), new Usage(1000, 1_000_000));
        try (var relay = start(directory, new QueueSettings(Optional.empty(), limits, QueueSettings.LEASE))) {
            assertThat(mail(relay, 600_000)).matches(TAKEN);
            assertThat(mail(relay, 600_000)).startsWith("452 4.3.1");
            assertThat(mail(relay, 1_000)).matches(TAKEN);
            assertThat(readiness(relay)).isEqualTo("ok");
        }
    }

    /** A limit on the size of its files makes all writes of a process fail, as on a volume that went read-only. */
    @Test
    void onAVolumeThatCannotBeWrittenForAWhile() throws Exception {
        try (var server = new CountingServer();
                var relay = RelayProcess.start(
                        new RelayProcess.Setup(directory, server.port(), 4, Optional.empty(), List.of("-Xmx64m")))) {
            assertThat(mail(relay.submissionPort(), 1000)).matches(TAKEN);
            await().until(() -> server.messages() == 1);
            relay.limitFiles("0");
            assertThat(mail(relay.submissionPort(), 1000))
                    .isEqualTo("451 4.3.0 the message could not be stored, try again later");
            assertThat(get(relay.adminPort(), "/readyz").strip()).startsWith("the queue cannot be written: ");
            relay.limitFiles("unlimited");
            assertThat(mail(relay.submissionPort(), 1000)).matches(TAKEN);
            assertThat(get(relay.adminPort(), "/readyz").strip()).isEqualTo("ok");
            await().until(() -> server.messages() == 2);
        }
    }

    @Test
    void whileAnotherProcessLocksTheFile() throws Exception {
        try (var relay = start(directory, QueueSettings.DEFAULT)) {
            assertThat(mail(relay, 1000)).matches(TAKEN);
            awaitDelivered(1);
            try (var other = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                    var statement = other.createStatement()) {
                statement.execute("PRAGMA busy_timeout = 10000");
                statement.execute("BEGIN IMMEDIATE");
                assertThat(mail(relay, 1000)).isEqualTo("451 4.3.0 the message could not be stored, try again later");
                statement.execute("ROLLBACK");
            }
            assertThat(mail(relay, 1000)).matches(TAKEN);
            assertThat(readiness(relay)).isEqualTo("ok");
            awaitDelivered(2);
        }
    }

    private static void damage(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long page = 1; page < Files.size(file) / 4096; page++) {
                channel.write(ByteBuffer.wrap(new byte[]{1, 2, 3, 4, 5, 6, 7, 8}), page * 4096);
            }
        }
    }

    @Test
    void whenItsFileIsDamaged() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        try (var relay = start(directory, QueueSettings.DEFAULT)) {
            for (int i = 0; i < 30; i++) {
                assertThat(mail(relay, 3000)).matches(TAKEN);
            }
        }
        Path file = directory.resolve("queue.sqlite");
        try (var relay = start(directory, QueueSettings.DEFAULT)) {
            damage(file);
            for (int i = 0; i < 2; i++) {
                assertThat(mail(relay, 3000)).isEqualTo("451 4.3.0 the message could not be stored, try again later");
            }
            assertThat(readiness(relay)).startsWith("the queue cannot be written: queue file " + file + " is damaged")
                    .endsWith("; restart the relay, which sets it aside");
            assertThat(get(relay, "/healthz").strip()).isEqualTo("ok");
        }
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        try (var relay = start(directory, QueueSettings.DEFAULT)) {
            assertThat(mail(relay, 1000)).matches(TAKEN);
            assertThat(readiness(relay)).isEqualTo("ok");
            assertThat(get(relay, "/metrics")).contains("postrider_queue_damaged_files 1.0");
        }
    }

    /** Mail is due all the time, and events and metrics are looked at; what is damaged stays so. */
    @Test
    void saysOnceThatItsFileIsDamagedAndGoesOnQuietly() throws Exception {
        try (var server = CountingSmtpServer.start(Duration.ZERO, recipient -> {}).mode(CountingSmtpServer.Mode.REFUSE);
                var relay = RelayProcess.start(new RelayProcess.Setup(directory, server.port(), 4, Optional.empty(),
                        List.of("-Xmx64m")))) {
            for (int i = 0; i < 30; i++) {
                assertThat(mail(relay.submissionPort(), 300_000)).matches(TAKEN);
            }
            damage(directory.resolve("queue.sqlite"));
            await().untilAsserted(() -> assertThat(get(relay.adminPort(), "/readyz")).contains("is damaged"));
            long before = lines(relay);
            // Retries are due every 200 ms, events are looked for every 500 ms.
            await().pollDelay(Duration.ofSeconds(4)).until(() -> true);
            assertThat(lines(relay) - before).isLessThan(20);
            assertThat(relay.log().lines().filter(line -> line.contains("until the relay is restarted"))).hasSize(1);
            assertThat(mail(relay.submissionPort(), 1000)).startsWith("451 4.3.0");
            assertThat(relay.isAlive()).isTrue();
        }
    }

    private static long lines(RelayProcess relay) throws IOException {
        return relay.log().lines().filter(line -> line.contains("amaged") || line.contains("ERROR")).count();
    }

    /** Starts one whose database may take its time; what it says until then is on this port. */
    private CompletableFuture<Relay> startLater(PostgresServer server, String database, int adminPort) {
        var location = new PostgresLocation(server.url(database), Optional.of(directory));
        return CompletableFuture.supplyAsync(() -> {
            try {
                return start(directory, adminPort, new QueueSettings(Optional.of(location), QueueLimits.DEFAULT,
                        Duration.ofSeconds(3)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, task -> Thread.ofVirtual().start(task));
    }

    @Test
    void fromTheStartUntilPostgresIsThere() throws Exception {
        PostgresServer.credentials(directory);
        int adminPort = FreePort.find();
        try (var server = PostgresServer.start()) {
            String database = server.newDatabase();
            server.crash();
            CompletableFuture<Relay> starting = startLater(server, database, adminPort);
            await().ignoreExceptions()
                    .untilAsserted(() -> assertThat(get(adminPort, "/readyz"))
                            .startsWith("the relay waits for its queue: database 127.0.0.1:"));
            assertThat(get(adminPort, "/healthz").strip()).isEqualTo("ok");
            assertThat(starting).isNotDone();
            server.restart();
            try (Relay relay = starting.get(30, TimeUnit.SECONDS)) {
                assertThat(readiness(relay)).isEqualTo("ok");
                assertThat(mail(relay, 1000)).matches(TAKEN);
            }
        }
    }

    @Test
    void fromTheStartUntilPostgresTakesItsLogin() throws Exception {
        Files.writeString(PostgresServer.credentials(directory).resolve("password"), "not this one");
        int adminPort = FreePort.find();
        var server = PostgresServer.shared();
        CompletableFuture<Relay> starting = startLater(server, server.newDatabase(), adminPort);
        await().ignoreExceptions()
                .untilAsserted(() -> assertThat(get(adminPort, "/readyz")).contains("refuses the login",
                        "Correct the files username and password of its credentials").doesNotContain("not this one"));
        assertThat(starting).isNotDone();
        PostgresServer.credentials(directory);
        try (Relay relay = starting.get(30, TimeUnit.SECONDS)) {
            assertThat(mail(relay, 1000)).matches(TAKEN);
        }
    }

    @Test
    void whilePostgresIsGone() throws Exception {
        try (var server = PostgresServer.start()) {
            var location = new PostgresLocation(server.url(server.newDatabase()),
                    Optional.of(PostgresServer.credentials(directory)));
            upstreams.behave("mx", RecordingUpstreams.DEFERRED);
            try (var relay = start(directory,
                    new QueueSettings(Optional.of(location), QueueLimits.DEFAULT, Duration.ofSeconds(3)))) {
                assertThat(mail(relay, 1000)).matches(TAKEN);
                assertThat(mail(relay, 1_000_000)).matches(TAKEN);
                server.crash();
                for (int size : List.of(1000, 1_000_000)) {
                    assertThat(mail(relay, size))
                            .isEqualTo("451 4.3.0 the message could not be stored, try again later");
                }
                assertThat(readiness(relay)).startsWith("the queue cannot be written: ");
                upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
                server.restart();
                assertThat(mail(relay, 1000)).matches(TAKEN);
                assertThat(readiness(relay)).isEqualTo("ok");
                await().atMost(Duration.ofSeconds(30)).until(() -> !upstreams.taken().isEmpty());
            }
        }
    }
}
