package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.ScriptedSmtpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A relay with the heap of its pod, to whose HTTP ports strangers connect without end, while probes ask for its health
 * and somebody downloads an attachment of namespace "shop".
 */
@Tag("isolation")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HostileHttpTest {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final int CONNECTIONS = 1_500;
    private static final int SIZE = 3_000_000;
    private static final Pattern LINK = Pattern.compile("https://(links\\.[a-z]+)(/\\S+)");

    private final ScriptedSmtpServer mx = ScriptedSmtpServer.start();
    private final List<Socket> attackers = new ArrayList<>();
    private RelayProcess relay;
    private String link = "";
    private String evil = "";

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        relay = RelayProcess.start(new RelayProcess.Setup(directory, mx.port(), 10, Optional.empty(),
                List.of("-Xmx358m", RelayProcess.HOSTILE)));
        link = linkOf("shop");
        evil = linkOf("evil");
    }

    @AfterAll
    void stop() throws Exception {
        relay.close();
        mx.close();
    }

    @AfterEach
    void leave() throws IOException {
        for (Socket attacker : attackers) {
            attacker.close();
        }
        attackers.clear();
        assertThat(relay.isAlive()).isTrue();
        assertThat(relay.log()).doesNotContain("OutOfMemoryError");
    }

    private String linkOf(String namespace) throws Exception {
        int before = mx.messages().size();
        try (var client = Dialogue.connect(relay.submissionPort())) {
            client.say("EHLO c");
            client.login("files." + namespace, TestRoutes.PASSWORD);
            assertThat(client.mail("a@" + namespace + ".example", "x@y.example", "From: a@" + namespace
                    + ".example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx"
                    + "\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
                    + "Content-Disposition: attachment; filename=f.pdf\r\n\r\n"
                    + Base64.getMimeEncoder().encodeToString(new byte[SIZE]) + "\r\n--b--\r\n")).startsWith("250");
        }
        await().atMost(Duration.ofMinutes(1)).until(() -> mx.messages().size() > before);
        Matcher found = LINK.matcher(new String(mx.messages().getLast().bytes(), StandardCharsets.UTF_8));
        assertThat(found.find()).isTrue();
        return "GET " + found.group(2) + " HTTP/1.1\r\nHost: " + found.group(1) + "\r\n";
    }

    /** From one of ten addresses of this machine. */
    private Socket attacker(int port) throws IOException {
        var socket = new Socket();
        attackers.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.bind(new InetSocketAddress("127.0.0." + (2 + attackers.size() % 10), 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private static void send(Socket socket, String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // Whoever was cut off attacks no longer.
        }
    }

    private static String ask(int port, String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(Math.toIntExact(SOON.toMillis()));
            send(socket, request + "Connection: close\r\n\r\n");
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private void everybodyElseIsServed() throws IOException {
        for (int i = 0; i < 5; i++) {
            long began = System.nanoTime();
            for (int port : new int[]{relay.healthPort(), relay.adminPort()}) {
                assertThat(ask(port, "GET /healthz HTTP/1.1\r\nHost: h\r\n")).startsWith("HTTP/1.1 200 ");
                assertThat(ask(port, "GET /readyz HTTP/1.1\r\nHost: h\r\n")).startsWith("HTTP/1.1 200 ");
            }
            assertThat(ask(relay.linksPort(), link)).startsWith("HTTP/1.1 200 ").hasSizeGreaterThan(SIZE);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(SOON);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            connections that stay silent     | - | -
            headers that come octet by octet | GET / HTTP/1.1;Host: h;X: | x
            bodies that never end            | POST /api/v1/queue/hold HTTP/1.1;Host: h;Content-Length: 60000;; | x
            requests that never end          | GET /api/v1/openapi.json HTTP/1.1;Host: h;; | GET /api/v1/openapi.json HTTP/1.1;Host: h;;
            """)
    void strangersKeepNobodyOut(String what, String begin, String more) throws Exception {
        for (int port : new int[]{relay.healthPort(), relay.adminPort(), relay.linksPort()}) {
            for (int i = 0; i < CONNECTIONS; i++) {
                Socket attacker = attacker(port);
                if (begin != null) {
                    send(attacker, begin.replace(";", "\r\n"));
                }
            }
        }
        everybodyElseIsServed();
        if (more != null) {
            attackers.forEach(attacker -> send(attacker, more.replace(";", "\r\n")));
            everybodyElseIsServed();
        }
    }

    @Test
    void readersThatReadNothingKeepNoOtherOrganizationOut() throws Exception {
        for (int i = 0; i < CONNECTIONS / 10; i++) {
            send(attacker(relay.linksPort()), evil + "\r\n");
        }
        await().until(() -> ask(relay.linksPort(), evil).startsWith("HTTP/1.1 503 "));
        everybodyElseIsServed();
    }
}
