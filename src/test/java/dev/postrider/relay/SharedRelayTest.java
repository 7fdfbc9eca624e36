package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.CountingSmtpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A relay with the heap of its pod and a small volume, whose places and whose room others want for themselves. */
@Tag("isolation")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SharedRelayTest {
    private static final int ADDRESSES = 8;
    private static final int SESSIONS_OF_EACH = 500;
    private static final String LINE = "x".repeat(998) + "\r\n";
    /** 24 MiB. */
    private static final int LINES = 25_165;

    private final OtherTenant victim = new OtherTenant();
    private CountingSmtpServer server;
    private SmallDisk disk;
    private RelayProcess relay;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = CountingSmtpServer.start(Duration.ZERO, victim::arrived);
        disk = SmallDisk.mount(directory.resolve("disk"), 300);
        relay = RelayProcess.start(new RelayProcess.Setup(disk.directory(), server.port(), 10, Optional.empty(),
                List.of("-Xmx358m", RelayProcess.HOSTILE)));
    }

    @AfterAll
    void stop() throws Exception {
        relay.close();
        disk.close();
        server.close();
    }

    @BeforeEach
    void goOnSending() {
        victim.goOnSending(relay.submissionPort());
    }

    @AfterEach
    void allOfItArrivesWithinSeconds() throws Exception {
        victim.assertAllArrivesWithinSeconds();
        assertThat(relay.isAlive()).isTrue();
        assertThat(relay.log()).doesNotContain("OutOfMemoryError", "failed by a fault of the relay");
    }

    private String get(String path) throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.adminPort() + path))
                            .header("Authorization", "Bearer " + TestRoutes.ADMIN_TOKEN)
                            .build(),
                    HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    private double metric(String name) throws IOException, InterruptedException {
        return get("/metrics").lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    private Socket connect(String from) throws IOException {
        var socket = new Socket();
        try {
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), relay.submissionPort()));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Some are silent, some stop within a handshake, some within a login; those that are sent away come again. */
    @Test
    void silentSessionsOfManyAddresses() throws Exception {
        var said = List.of("", "EHLO c\r\n", "EHLO c\r\nSTARTTLS\r\n", "EHLO c\r\nAUTH LOGIN\r\n",
                "EHLO c\r\nAUTH PLAIN AGF3YXkuZXZpbAB3cm9uZw==\r\n");
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < ADDRESSES * SESSIONS_OF_EACH; i++) {
                Socket socket = connect("127.0.0." + (2 + i % ADDRESSES));
                sockets.add(socket);
                socket.getOutputStream().write(said.get(i % said.size()).getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(metric("postrider_sessions_anonymous")).isBetween(900.0, 1000.0);
            assertThat(metric("postrider_sessions_displaced_total{logged_in=\"false\"}")).isGreaterThan(2500);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        await().untilAsserted(() -> assertThat(metric("postrider_sessions_anonymous")).isLessThan(10));
    }

    @Test
    void sessionsThatLogInAndStay() throws Exception {
        List<Dialogue> clients = new ArrayList<>();
        List<String> replies = new ArrayList<>();
        try {
            for (String user : List.of("away.evil", "help.evil", "link.evil")) {
                for (int i = 0; i < 300; i++) {
                    var client = Dialogue.connect(relay.submissionPort());
                    clients.add(client);
                    client.say("EHLO c");
                    replies.add(client.login(user, TestRoutes.PASSWORD));
                }
            }
            assertThat(replies.subList(0, 750)).containsOnly("235 2.7.0 welcome");
            assertThat(replies.subList(750, 900))
                    .containsOnly("421 4.7.0 too many sessions of this namespace are open, try again later");
        } finally {
            for (Dialogue client : clients) {
                client.close();
            }
        }
    }

    private String sendLarge(String user, String announced) throws IOException {
        try (var client = OtherTenant.session(relay.submissionPort(), user)) {
            for (String line : List.of("MAIL FROM:<a@evil.example>" + announced, "RCPT TO:<x@y.example>", "DATA")) {
                String reply = client.say(line);
                if (reply.charAt(0) > '3') {
                    return line.substring(0, 4) + " " + reply;
                }
            }
            client.raw("Subject: large\r\n\r\n");
            for (int i = 0; i < LINES; i += 485) {
                client.raw(LINE.repeat(Math.min(485, LINES - i)));
            }
            return client.say(".");
        }
    }

    @Test
    void largeMailForAServerThatIsNotThere() throws Exception {
        if (!disk.isMounted()) {
            return;
        }
        List<Callable<String>> senders = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            senders.add(() -> sendLarge("away.evil", ""));
        }
        List<String> replies = new ArrayList<>();
        replies.add(sendLarge("away.evil", " SIZE=25200000"));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var sent : threads.invokeAll(senders)) {
                replies.add(sent.get());
            }
        }
        replies.add(sendLarge("away.evil", " SIZE=25200000"));
        // The organization is not the only one of its namespace.
        String share = "452 4\\.3\\.1 the queued mail of organization evil/away fills its share of the queue"
                + " \\([0-9]+ MiB\\), try again later";
        assertThat(replies.getFirst()).startsWith("250 2.0.0");
        assertThat(replies.subList(1, 12)).allMatch(reply -> reply.matches("(MAIL )?" + share));
        assertThat(replies.getLast()).matches("MAIL " + share);
        // The other one can even do the same.
        assertThat(sendLarge("orders.shop", "")).startsWith("250 2.0.0");
        assertThat(get("/readyz").strip()).isEqualTo("ok");
        assertThat(metric("postrider_queue_refused_total{organization=\"evil/away\"}")).isGreaterThan(10);
        double room = metric("postrider_queue_room_bytes");
        assertThat(room).isBetween(150e6, 300e6);
        assertThat(metric("postrider_queue_taken_bytes")).isLessThan(room / 2);
    }
}
