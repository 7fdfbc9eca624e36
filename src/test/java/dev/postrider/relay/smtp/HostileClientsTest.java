package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.smtp.SmtpLimits.Sessions;
import dev.postrider.relay.smtp.SmtpLimits.Times;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that mean no good, or do no good: they get a proper reply, hold nothing for long, and disturb nobody. */
@Tag("relay")
final class HostileClientsTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(300);

    private final TestPolicy policy = new TestPolicy(SubmissionPolicy.Authentication.REQUIRED, false);
    private SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor();
    private SmtpListener listener;
    private SSLContext certificate;
    private int port;
    private int tlsPort;

    @BeforeEach
    void prepare() throws Exception {
        certificate = ServerTls.context(TestRoutes.CERTIFICATE.certificateChain(),
                TestRoutes.CERTIFICATE.privateKey());
        listen(limits(1000, Times.DEFAULT));
    }

    @AfterEach
    void close() {
        pace.shutdownNow();
        listener.close();
    }

    private void listen(SmtpLimits limits) throws IOException {
        if (listener != null) {
            listener.close();
        }
        // A registry keeps the gauge of the first listener.
        meters = new SimpleMeterRegistry();
        listener = new SmtpListener(new ListenerSettings("mx.test", limits, true), policy,
                () -> Optional.of(certificate), meters);
        port = listener.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SmtpListener.Start.PLAIN);
        tlsPort = listener.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                SmtpListener.Start.TLS);
    }

    private static SmtpLimits limits(int sessions, Times times) {
        SmtpLimits usual = SmtpLimits.DEFAULT;
        return new SmtpLimits(usual.messageSize(), usual.textLine(), usual.recipients(), usual.messagesPerSession(),
                usual.commandsPerMessage(), new Sessions(sessions, sessions, sessions, sessions), usual.badCommands(),
                usual.failedLogins(), times);
    }

    private Dialogue loggedIn() throws IOException {
        var client = Dialogue.connect(port);
        client.say("EHLO c");
        assertThat(client.login("u", "right")).startsWith("235");
        return client;
    }

    private void assertServes() throws IOException {
        try (var client = loggedIn()) {
            assertThat(client.mail("a@b.example", "x@y.example", "Subject: it\r\n")).startsWith("250 2.0.0");
        }
    }

    private void awaitSessions(int count) {
        await().untilAsserted(() -> assertThat(meters.get("postrider.sessions").gauge().value()).isEqualTo(count));
    }

    /** Each with only one time that is short: an octet every 20 ms keeps the idle time from being the one. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            within a command line ; PT0.3S ; PT5M   ; PT5M
            within a login        ; PT5M   ; PT0.3S ; PT5M
            within a message      ; PT5M   ; PT5M   ; PT0.3S
            """)
    void endsClientsThatSendAnOctetNowAndThen(String when, Duration commandLine, Duration login, Duration message)
            throws Exception {
        listen(limits(10, new Times(LONG, commandLine, login, LONG, message, 1_000_000)));
        try (var client = Dialogue.connect(port)) {
            client.say("EHLO c");
            if (when.equals("within a message")) {
                client.login("u", "right");
                client.raw("MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n");
                assertThat(client.reply() + client.reply() + client.reply()).contains("354");
            }
            String octets = when.equals("within a login") ? "NOOP\r\n" : "x";
            nowAndThen(() -> send(client, octets));
            String reply = client.reply();
            while (reply.startsWith("250")) {
                reply = client.reply();
            }
            assertThat(reply).isEqualTo("421 4.4.2 mx.test timed out waiting for you");
        }
        awaitSessions(0);
        assertThat(policy.taken()).isEmpty();
    }

    private void nowAndThen(Runnable action) {
        var _ = pace.scheduleAtFixedRate(action, 0, 20, TimeUnit.MILLISECONDS);
    }

    private static void send(Dialogue client, String octets) {
        try {
            client.raw(octets);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void takesAMessageThatComesSlowlyButNotTooSlowly() throws Exception {
        listen(limits(10, new Times(LONG, LONG, LONG, LONG, SHORT, 50)));
        try (var client = loggedIn()) {
            client.raw("MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n");
            client.reply();
            client.reply();
            client.reply();
            // 40 lines of 27 octets, at 50 octets a second, may take some 20 seconds; they take 0.8.
            var sent = new ArrayList<String>();
            nowAndThen(() -> {
                sent.add("x");
                send(client, sent.size() < 40 ? "x".repeat(25) + "\r\n" : sent.size() == 40 ? ".\r\n" : "");
            });
            assertThat(client.reply()).startsWith("250 2.0.0 queued");
        }
    }

    @Test
    void endsHandshakesThatDoNotComeToAnEnd() throws Exception {
        listen(limits(10, new Times(LONG, SHORT, LONG, LONG, LONG, 1024)));
        try (var silent = Dialogue.silent(tlsPort); var stopped = Dialogue.connect(port)) {
            stopped.say("EHLO c");
            assertThat(stopped.say("STARTTLS")).startsWith("220");
            // The start of a record of TLS that says it will be long, then an octet now and then.
            silent.raw("\u0016\u0003\u0001\u0002\u0000");
            nowAndThen(() -> send(silent, "\u0001"));
            awaitSessions(0);
        }
    }

    /** Each sends what the server has to compute an answer to, and then nothing more. */
    @Test
    void handshakesThatWaitForTheirClientKeepNoOthersOut() throws Exception {
        List<Socket> stopped = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors() + 2; i++) {
                var engine = SSLContext.getDefault().createSSLEngine("localhost", tlsPort);
                engine.setUseClientMode(true);
                var hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
                engine.wrap(ByteBuffer.allocate(0), hello);
                var socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort);
                stopped.add(socket);
                socket.getOutputStream().write(hello.array(), 0, hello.position());
                // The server's answer has begun to come: it waits for this client now.
                assertThat(socket.getInputStream().read()).isNotNegative();
            }
            try (var client = Dialogue.connect(port)) {
                client.say("EHLO c");
                client.say("STARTTLS");
                client.encrypt(TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()));
                assertThat(client.say("EHLO c")).startsWith("250 ");
            }
        } finally {
            for (Socket socket : stopped) {
                socket.close();
            }
        }
    }

    /** Records that JSSE reads over, so that the server always has something to read: it never waits for the client. */
    @ParameterizedTest
    @Tag("isolation")
    @CsvSource({"warnings before ClientHello, false, 15030300020164", "warnings, true, 15030300020164",
            "empty records before ClientHello, false, 1603030000", "empty records, true, 1603030000"})
    void handshakesThatAreNeverDoneKeepNoOthersOut(String what, boolean hello, String record) throws Exception {
        List<Socket> endless = new ArrayList<>();
        List<Thread> floods = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors() + 2; i++) {
                var socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort);
                endless.add(socket);
                if (hello) {
                    var engine = SSLContext.getDefault().createSSLEngine("localhost", tlsPort);
                    engine.setUseClientMode(true);
                    engine.setEnabledProtocols(new String[]{"TLSv1.2"});
                    var first = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
                    engine.wrap(ByteBuffer.allocate(0), first);
                    socket.getOutputStream().write(first.array(), 0, first.position());
                    assertThat(socket.getInputStream().read()).isNotNegative();
                }
                String records = new String(HexFormat.of().parseHex(record), StandardCharsets.ISO_8859_1);
                floods.add(Thread.ofVirtual().start(() -> flood(socket, records)));
            }
            try (var client = Dialogue.connect(port)) {
                client.say("EHLO c");
                client.say("STARTTLS");
                client.encrypt(TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()));
                assertThat(client.say("EHLO c")).startsWith("250 ");
            }
            for (Thread flood : floods) {
                assertThat(flood.join(Duration.ofSeconds(10))).describedAs(what).isTrue();
            }
        } finally {
            for (Socket socket : endless) {
                socket.close();
            }
        }
    }

    /** Replies fill the buffers of both sides; then the session waits, and holds no more than it does. */
    @ParameterizedTest
    @ValueSource(strings = {"NOOP\r\n", "EHLO c\r\n", "BAD\r\n", "HELP\r\n"})
    void endsClientsThatNeverRead(String command) throws Exception {
        SmtpLimits usual = SmtpLimits.DEFAULT;
        listen(new SmtpLimits(usual.messageSize(), usual.textLine(), 1, 1, 1_000_000_000, new Sessions(10, 10, 10, 10),
                1_000_000_000, 1,
                new Times(LONG, LONG, LONG, SHORT, LONG, 1024)));
        try (var socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            awaitSessions(1);
            var flood = Thread.ofVirtual().start(() -> flood(socket, command));
            assertServes();
            awaitSessions(0);
            assertThat(flood.join(Duration.ofSeconds(10))).isTrue();
        }
    }

    private static void flood(Socket socket, String command) {
        byte[] block = command.repeat(1000).getBytes(StandardCharsets.ISO_8859_1);
        try {
            OutputStream out = socket.getOutputStream();
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            // The listener has had enough.
        }
    }

    @ParameterizedTest
    @CsvSource({"NOOP, 421 4.7.0 too many commands without a mail", "BAD, 421 4.7.0 too many bad commands"})
    void endsClientsThatPipelineWithoutEnd(String command, String expected) throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            var flood = Thread.ofVirtual().start(() -> flood(socket, command + "\r\n"));
            var last = new ArrayList<String>();
            try (var in = new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
                in.lines().forEach(line -> {
                    last.clear();
                    last.add(line);
                });
            } catch (UncheckedIOException e) {
                // Reset, since it did not stop to send.
            }
            assertThat(last).containsExactly(expected);
            assertThat(flood.join(Duration.ofSeconds(10))).isTrue();
        }
        assertServes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: mx.test\r\nUser-Agent: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: mx.test\r\nContent-Length: 99\r\n\r\nEHLO c\r\nMAIL FROM:<>\r\n",
            "CONNECT evil.example:25 HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"})
    void sendsHttpAway(String request) throws Exception {
        try (var client = Dialogue.connect(port)) {
            assertThat(client.raw(request).reply()).isEqualTo("500 5.5.2 this is SMTP, not HTTP");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void sendsTlsAtThePlainPortAway() throws Exception {
        try (var client = Dialogue.connect(port)) {
            // ClientHello: record of 512 octets, handshake of 508, TLS 1.2, then random octets.
            client.raw("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003" + "\u00e7".repeat(505));
            assertThat(client.reply()).isEqualTo("500 5.5.2 lines must end with CR LF and hold no NUL");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void sendsSmtpAtTheTlsPortAway() throws Exception {
        try (var client = Dialogue.silent(tlsPort)) {
            client.raw("EHLO c\r\nMAIL FROM:<>\r\n");
            assertThat(client.reply()).satisfiesAnyOf(reply -> assertThat(reply).isEqualTo("closed"),
                    alert -> assertThat(alert).startsWith("\u0015\u0003"));
        }
        awaitSessions(0);
        assertServes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "EHL", "EHLO c\r\n", "EHLO c\r\nAUTH PLAIN\r\n",
            "EHLO c\r\nAUTH PLAIN AHUAcmlnaHQ=\r\n",
            "EHLO c\r\nAUTH PLAIN AHUAcmlnaHQ=\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n",
            "EHLO c\r\nAUTH PLAIN AHUAcmlnaHQ=\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nhalf\r\n.\r",
            "EHLO c\r\nSTARTTLS\r\n", "EHLO c\r\nSTARTTLS\r\nNOOP\r\n"})
    void forgetsClientsThatReset(String said) throws Exception {
        for (int i = 0; i < 20; i++) {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoLinger(true, 0);
                socket.getOutputStream().write(said.getBytes(StandardCharsets.US_ASCII));
            }
        }
        awaitSessions(0);
        assertThat(policy.taken()).isEmpty();
        assertServes();
    }

    /**
     * More connections than there are places. {@code -Dpostrider.connections=10000} is the full number; this process
     * is both sides, so it needs as many file descriptors and a few hundred more.
     */
    @Test
    void servesOthersWhileThousandsConnect(TestReporter reporter) throws Exception {
        int places = 400;
        listen(limits(places, Times.DEFAULT));
        int wanted = Integer.getInteger("postrider.connections", 1500);
        int count = Math.min(wanted, fileDescriptors() - places - 500);
        long before = usedMemory();
        try (var busy = loggedIn()) {
            var crowd = ConcurrentHashMap.<Dialogue>newKeySet();
            var replies = new ConcurrentHashMap<String, Integer>();
            var arrival = Thread.ofVirtual().start(() -> {
                for (int i = 0; i < count; i++) {
                    connect(crowd, replies);
                }
            });
            int sent = 0;
            long longest = 0;
            while (arrival.isAlive() || sent < 20) {
                long start = System.nanoTime();
                assertThat(busy.mail("a@b.example", "x@y.example", "Subject: it\r\n")).startsWith("250 2.0.0");
                // Who logs in finds a place, too, though the crowd comes from the same address.
                assertServes();
                longest = Math.max(longest, System.nanoTime() - start);
                sent++;
            }
            long held = usedMemory() - before;
            reporter.publishEntry("connections", "%d of %d wanted, %d mails meanwhile, the slowest %d ms, %d KiB more"
                    .formatted(count, wanted, sent, longest / 1_000_000, held / 1024));
            assertThat(replies.get("220 mx.test ESMTP Postrider")).as("%s", replies).isGreaterThan(count * 9 / 10);
            await().untilAsserted(() -> assertThat(meters.get("postrider.sessions").gauge().value())
                    .isBetween((double) places, places + 1.0));
            assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(5));
            assertThat(held).as("octets held for %d sessions and the clients of this test", places)
                    .isLessThan(places * 64L * 1024 + count * 32L * 1024);
            for (Dialogue client : crowd) {
                client.close();
            }
        }
        awaitSessions(0);
        assertServes();
    }

    private void connect(Set<Dialogue> crowd, ConcurrentHashMap<String, Integer> replies) {
        try {
            var client = Dialogue.silent(port);
            crowd.add(client);
            replies.merge(client.reply(), 1, Integer::sum);
        } catch (IOException e) {
            replies.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
        }
    }

    private static int fileDescriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? (int) Math.min(unix.getMaxFileDescriptorCount(), 1_000_000)
                : 4000;
    }

    private static long usedMemory() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
