package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.FreePort;
import dev.postrider.testing.ScriptedSmtpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 8305, over addresses of the loopback interface. */
@Tag("upstreams")
final class HappyEyeballsTest {
    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            192.0.2.1                                   | 192.0.2.1
            192.0.2.1 2001:db8::1                       | 2001:db8::1 192.0.2.1
            192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2 | 2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2
            2001:db8::1 2001:db8::2 192.0.2.1           | 2001:db8::1 192.0.2.1 2001:db8::2
            """)
    // @formatter:on
    void theFamiliesTakeTurns(String resolved, String tried) {
        assertThat(HappyEyeballs.interleaved(addresses(resolved))).isEqualTo(addresses(tried));
    }

    private static List<InetAddress> addresses(String texts) {
        return Arrays.stream(texts.split(" ")).map(HappyEyeballsTest::address).collect(Collectors.toList());
    }

    /** An address that answers nothing: its queue of connections is full, so that Linux drops what comes. */
    private static final class BlackHole implements AutoCloseable {
        private final ServerSocket socket;
        private final List<Socket> filling = new ArrayList<>();

        BlackHole(String address, int port) throws IOException {
            socket = new ServerSocket(port, 1, address(address));
            try {
                for (int i = 0; i < 10; i++) {
                    Socket filler = new Socket();
                    filling.add(filler);
                    filler.connect(socket.getLocalSocketAddress(), 100);
                }
                throw new IOException("the queue never filled");
            } catch (SocketTimeoutException e) {
                // It is full.
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
            for (Socket filler : filling) {
                filler.close();
            }
        }
    }

    @Test
    void anAddressThatDoesNotAnswerGetsCompanyAfterAQuarterOfASecond() throws IOException {
        int port = FreePort.find();
        try (BlackHole _ = new BlackHole("127.0.0.2", port); ServerSocket good = listen("127.0.0.3", port)) {
            assertThat(good.isBound()).isTrue();
            Instant start = Instant.now();
            HappyEyeballs.Connected connected = HappyEyeballs.connect(addresses("127.0.0.2 127.0.0.3"), port,
                    Duration.ofSeconds(30));
            try (Socket socket = connected.socket()) {
                assertThat(Duration.between(start, Instant.now())).isBetween(Duration.ofMillis(200),
                        Duration.ofSeconds(10));
                assertThat(connected.address()).isEqualTo(address("127.0.0.3"));
                assertThat(socket.isConnected()).isTrue();
            }
        }
    }

    @Test
    void anAddressThatRefusesIsFollowedByTheNextAtOnce() throws IOException {
        int port = FreePort.find();
        try (ServerSocket good = listen("127.0.0.3", port)) {
            assertThat(good.isBound()).isTrue();
            HappyEyeballs.Connected connected = HappyEyeballs
                    .connect(addresses("127.0.0.2 127.0.0.4 127.0.0.5 127.0.0.3"), port, Duration.ofSeconds(30));
            connected.socket().close();
            assertThat(connected.address()).isEqualTo(address("127.0.0.3"));
        }
    }

    @Test
    void whatLosesIsClosed() throws IOException {
        int port = FreePort.find();
        try (BlackHole slow = new BlackHole("127.0.0.2", port); ServerSocket good = listen("127.0.0.3", port)) {
            HappyEyeballs.connect(addresses("127.0.0.2 127.0.0.3"), port, Duration.ofSeconds(30)).socket().close();
            assertThat(good.accept().getInputStream().read()).as("the winner was closed by us").isEqualTo(-1);
            // Room for those who wait: nobody is there any more but the fillers.
            slow.socket.setSoTimeout(500);
            int waiting = 0;
            try {
                while (true) {
                    slow.socket.accept().close();
                    waiting++;
                }
            } catch (SocketTimeoutException e) {
                assertThat(waiting).isLessThanOrEqualTo(slow.filling.size());
            }
        }
    }

    @Test
    void whereNoneAnswersEachIsNamed() throws IOException {
        int port = FreePort.find();
        try (BlackHole _ = new BlackHole("127.0.0.2", port)) {
            assertThatThrownBy(
                    () -> HappyEyeballs.connect(addresses("127.0.0.2 127.0.0.3"), port, Duration.ofMillis(300)))
                    .isInstanceOfSatisfying(HappyEyeballs.NoConnectionException.class,
                            e -> assertThat(e.isTimeout()).isFalse())
                    .hasMessageContaining("127.0.0.2: ")
                    .hasMessageContaining("127.0.0.3: Connection refused");
            assertThatThrownBy(() -> HappyEyeballs.connect(addresses("127.0.0.2"), port, Duration.ofMillis(300)))
                    .isInstanceOfSatisfying(HappyEyeballs.NoConnectionException.class,
                            e -> assertThat(e.isTimeout()).isTrue());
        }
    }

    @Test
    void anIpv6AddressMayHaveAZone() throws IOException {
        assumeTrue(hasIpv6(), "this machine has no IPv6: a zone was not tried");
        try (ServerSocket six = listen("::1", 0)) {
            HappyEyeballs.Connected connected = HappyEyeballs.connect(List.of(address("::1%lo")), six.getLocalPort(),
                    Duration.ofSeconds(5));
            connected.socket().close();
            assertThat(connected.address().getHostAddress()).contains("%lo");
        }
        assertThat(Mails.refusal(Mails.send(Mails.at(Mails.plain(25), "fe80::1%nowhere0"))).message())
                .startsWith("NameResolution: ")
                .contains("names a network interface that is not there");
    }

    @Test
    void aHostIsReachedByWhicheverOfItsAddressesAnswers() {
        // localhost is ::1 as well where the machine has IPv6; the server listens on one of them only.
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start()) {
            Attempt attempt = Mails.send(Mails.at(Mails.plain(server.port()), "localhost"));
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.server()).isEqualTo("localhost:" + server.port() + " (127.0.0.1)");
        }
    }

    private static boolean hasIpv6() {
        try (ServerSocket _ = listen("::1", 0)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static ServerSocket listen(String address, int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.bind(new InetSocketAddress(address(address), port));
        return socket;
    }
}
