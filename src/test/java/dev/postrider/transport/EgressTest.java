package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestCertificates.Request;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a tenant can make Postrider connect to: 127.0.0.1 is a network that this installation allows, 127.0.0.2 one that
 * it does not. What listens there counts who connects.
 */
@Tag("isolation")
final class EgressTest {
    private static final EgressPolicy POLICY = EgressPolicy.of(List.of("127.0.0.1"), List.of(), List::of);
    private static final String SECRET_BANNER = "internal-service-7.3";

    /** Serial 1, revoked in 2026. */
    private static final byte[] ENTRY = new byte[]{0x30, 0x12, 2, 1, 1, 0x17, 13, '2', '6', '0', '1', '0', '1', '0',
            '0',
            '0', '0', '0', '0', 'Z'};

    private final TestCertificates ca = new TestCertificates("Tenant CA " + System.nanoTime());
    private final Forbidden forbidden = new Forbidden();
    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();

    @AfterEach
    void stop() throws IOException {
        server.close();
        forbidden.close();
    }

    /** A service of 127.0.0.2 that says at once what it is. */
    private static final class Forbidden implements AutoCloseable {
        private final ServerSocket socket;
        private final AtomicInteger connections = new AtomicInteger();

        Forbidden() {
            try {
                socket = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.2"));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            Thread.ofVirtual().start(() -> {
                while (!socket.isClosed()) {
                    try (Socket connection = socket.accept()) {
                        connections.incrementAndGet();
                        connection.getOutputStream()
                                .write(("220 " + SECRET_BANNER + "\r\n").getBytes(StandardCharsets.US_ASCII));
                    } catch (IOException e) {
                        // It was closed.
                    }
                }
            });
        }

        int port() {
            return socket.getLocalPort();
        }

        String url() {
            return "http://127.0.0.2:" + port() + "/";
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Attempt send(Endpoint endpoint, boolean global) {
        var upstreams = new MailUpstreams("client.test", true, POLICY,
                new AccessTokens(InstantSource.system(), Duration.ofSeconds(5), true), new PopLogins());
        try (Upstream upstream = upstreams
                .to(new ServerRoute(new ResourceKey("shop", "own"), global, true, endpoint))) {
            return upstream.send(Mails.envelope("rcpt@example.com"), Mails.text(Mails.TEXT));
        }
    }

    private void assertNotAsked(Attempt attempt, String... message) {
        assertThat(Mails.refusal(attempt).message()).contains(message).doesNotContain(SECRET_BANNER);
        assertThat(attempt.dialogue()).doesNotContain(SECRET_BANNER);
        assertThat(forbidden.connections).hasValue(0);
    }

    @Test
    void aServerThatIsNotAllowedIsNotConnectedToButAGlobalOneIs() {
        Endpoint endpoint = Mails.at(Mails.plain(forbidden.port()), "127.0.0.2");
        Attempt attempt = send(endpoint, false);
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Connection);
        assertNotAsked(attempt, "no connection is made to \"127.0.0.2\" (spec.smtp.host): the address 127.0.0.2 is "
                + "loopback, and Postrider connects to such only where its administrator has allowed the network");
        send(endpoint, true);
        assertThat(forbidden.connections).hasPositiveValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP", "SOCKS5"})
    void norIsAProxyOrWhatIsBehindIt(String type) {
        Proxy.Type kind = Proxy.Type.valueOf(type);
        assertNotAsked(send(Mails.through(Mails.plain(server.port()),
                new Proxy(kind, "127.0.0.2", forbidden.port(), Optional.empty())), false), "spec.smtp.proxy.host");
        assertNotAsked(send(Mails.through(Mails.at(Mails.plain(server.port()), "169.254.169.254"),
                new Proxy(kind, "127.0.0.1", server.port(), Optional.empty())), false),
                "(spec.smtp.host): the address 169.254.169.254 is a metadata service");
    }

    @Test
    void norIsAPopServer() {
        assertNotAsked(send(Mails.with(Mails.plain(server.port()),
                new Login.PopBeforeSmtp("127.0.0.2", forbidden.port(), Security.NONE, "u", "p", Duration.ZERO,
                        Duration.ofMinutes(1))),
                false), "spec.smtp.authentication.popBeforeSmtp.host");
    }

    @Test
    void norIsATokenEndpoint() {
        var tokens = new TokenSource("https://127.0.0.2:" + forbidden.port() + "/token", Optional.empty(),
                new TokenSource.ClientSecret("c", "s"));
        assertNotAsked(send(Mails.with(Mails.plain(server.port()),
                new Login.OAuth2("u", tokens, List.of())), false),
                "cannot be asked: the address 127.0.0.2 is loopback");
    }

    private Attempt sendTo(TestCertificates.Server certificate) {
        server.implicitTls(certificate);
        return send(Mails.with(Mails.secure(server.port(), Security.TLS, ca.pem()),
                new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(ca.pem()), Optional.empty(),
                        new Verification(true, true, false, true, true, true, false), List.of())),
                false);
    }

    @Test
    void norIsWhatACertificateNames() {
        assertNotAsked(sendTo(ca.server(Request.of("localhost").asking(forbidden.url(), forbidden.url()))),
                "the responder (OCSP) cannot be reached: the address 127.0.0.2 is loopback",
                "the list (CRL) cannot be reached: the address 127.0.0.2 is loopback");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ldap://127.0.0.2:%d/cn=a", "ftp://127.0.0.2:%d/a", "file:///etc/passwd"})
    void norByOtherProtocols(String url) {
        String named = url.formatted(forbidden.port());
        assertNotAsked(sendTo(ca.server(Request.of("localhost").asking(named, named))),
                "the responder (OCSP) cannot be asked", "the list (CRL) does not say so: it is not valid");
    }

    /** Serves on 127.0.0.1, which is allowed. */
    private static HttpServer http(int status, String location, byte[] body) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", exchange -> {
            if (!location.isEmpty()) {
                exchange.getResponseHeaders().add("Location", location);
            }
            exchange.getResponseHeaders().add("Server", SECRET_BANNER);
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        http.start();
        return http;
    }

    @Test
    void norWhereAnAnswerRedirectsTo() throws IOException {
        HttpServer http = http(302, forbidden.url(), new byte[0]);
        try {
            String url = "http://127.0.0.1:" + http.getAddress().getPort() + "/";
            assertNotAsked(sendTo(ca.server(Request.of("localhost").asking(url, url))),
                    "the list (CRL) cannot be reached: the address 127.0.0.2 is loopback");
        } finally {
            http.stop(0);
        }
    }

    /** A port scanner would read in the message what is there. */
    @ParameterizedTest
    @ValueSource(ints = {200, 401, 404, 503})
    void whatAnsweredIsNotTold(int status) throws IOException {
        HttpServer http = http(status, "", SECRET_BANNER.getBytes(StandardCharsets.US_ASCII));
        try {
            String url = "http://127.0.0.1:" + http.getAddress().getPort() + "/";
            Attempt attempt = sendTo(ca.server(Request.of("localhost").asking(url, url)));
            assertNotAsked(attempt, "not valid");
            assertThat(Mails.refusal(attempt).message()).doesNotContain("HTTP", Integer.toString(status) + " ");
        } finally {
            http.stop(0);
        }
    }

    @Test
    void whatIsNotHttpIsNotToldEither() throws IOException {
        String url = "http://127.0.0.1:" + server.port() + "/";
        Attempt attempt = sendTo(ca.server(Request.of("localhost").asking(url, url)));
        assertThat(Mails.refusal(attempt).message()).contains("the list (CRL) cannot be reached: ")
                .doesNotContain("220", "ESMTP", "failed to respond");
    }

    /** An allowed address with another service: FTP and IRC greet as SMTP does, SSH and IMAP do not. */
    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            220 (internal-service-7.3)             | 530 Please login with USER and PASS, internal-service-7.3 | does not answer EHLO as an SMTP server does
            220 internal-service-7.3               | 500 internal-service-7.3 has no such command              | does not answer EHLO as an SMTP server does
            SSH-2.0-internal-service-7.3           |                                                           | took longer than 400ms
            * OK IMAP4rev1 internal-service-7.3    |                                                           | broke before the session was ready
            HTTP/1.1 400 internal-service-7.3      |                                                           | broke before the session was ready
            -ERR internal-service-7.3              |                                                           | broke before the session was ready
            """)
    // @formatter:on
    void aServiceThatIsNoMailServerIsNotTold(String greeting, String reply, String message) {
        server.on("CONNECT", greeting);
        if (reply != null) {
            server.on("EHLO", reply).on("HELO", reply);
        }
        Attempt attempt = send(Mails.impatient(Mails.plain(server.port())), false);
        assertThat(Mails.refusal(attempt).message()).contains(message).doesNotContain(SECRET_BANNER);
        assertThat(attempt.dialogue()).contains("S: (not shown, since it may not be a mail server)")
                .doesNotContain(SECRET_BANNER);
    }

    @Test
    void aRefusalByAMailServerIsTold() {
        server.on("CONNECT", "554 5.7.1 your address is blocked");
        Attempt attempt = send(Mails.plain(server.port()), false);
        assertThat(Mails.refusal(attempt).message()).contains("554 5.7.1 your address is blocked");
        assertThat(attempt.dialogue()).contains("S: 554 5.7.1 your address is blocked");
    }

    /** A list of 60 MB, and one that never ends, cost neither memory nor time. */
    @Test
    void aListThatIsTooLongIsGivenUp() {
        AtomicInteger read = new AtomicInteger();
        InputStream endless = new SequenceInputStream(new ByteArrayInputStream(longList(ca.revocationList())),
                new InputStream() {
                    @Override
                    public int read() {
                        read.incrementAndGet();
                        return ENTRY[(read.get() - 1) % ENTRY.length] & 0xff;
                    }

                    @Override
                    public int read(byte[] octets, int offset, int length) {
                        octets[offset] = (byte) read();
                        return 1;
                    }
                });
        X509Certificate certificate = ca.server("localhost").x509();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> RevocationList.revokes(endless,
                        new RevocationList.Subject(certificate, ca.x509(), Set.of()), Instant.now()))
                .withMessage("the list has more than 10485760 octets");
        assertThat(read).hasValueLessThan(RevocationList.MOST_OCTETS + 10_000);
    }

    /** The beginning of a list, up to its entries, whose lengths say that 60 MB follow. */
    private static byte[] longList(byte[] real) {
        // What is before the entries of an empty list: all of tbsCertList.
        int outer = real[1] == (byte) 0x81 ? 3 : 4;
        int tbs = outer + (real[outer + 1] == (byte) 0x81 ? 3 : (real[outer + 1] & 0x80) == 0 ? 2 : 4);
        int length = switch (tbs - outer) {
            case 2 -> real[outer + 1];
            case 3 -> real[outer + 2] & 0xff;
            default -> (real[outer + 2] & 0xff) << 8 | real[outer + 3] & 0xff;
        };
        byte[] big = new byte[]{0x30, (byte) 0x84, 0x03, (byte) 0x9a, 0, 0};
        byte[] made = new byte[18 + length];
        for (int i = 0; i < 2; i++) {
            System.arraycopy(big, 0, made, i * 6, 6);
        }
        made[9] = (byte) (made[9] - 1);
        System.arraycopy(real, tbs, made, 12, length);
        System.arraycopy(big, 0, made, 12 + length, 6);
        made[12 + length + 3] = (byte) (made[12 + length + 3] - 2);
        return made;
    }
}
