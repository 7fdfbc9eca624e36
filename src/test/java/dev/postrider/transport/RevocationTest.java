package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.testing.OpenSslResponder;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestCertificates.Request;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The check of revocation: by OpenSSL's responder (OCSP), by lists over HTTP (CRL), and by what a server brings along. */
@Tag("upstreams")
final class RevocationTest {
    @TempDir
    Path directory;

    /** One for each test: Java remembers the lists of an authority. */
    private TestCertificates ca;
    private String responderUrl;
    private int responderPort;

    @BeforeEach
    void prepare() {
        ca = new TestCertificates("Revoking CA " + System.nanoTime());
        responderPort = FreePort.find();
        responderUrl = "http://127.0.0.1:" + responderPort;
    }

    private Attempt send(TestCertificates.Server certificate, boolean softFail) {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().implicitTls(certificate)) {
            return Mails.send(endpoint(server.port(), softFail));
        }
    }

    private Endpoint.Smtp endpoint(int port, boolean softFail) {
        return Mails.with(Mails.secure(port, Security.TLS, ca.pem()),
                new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(ca.pem()), Optional.empty(),
                        new Verification(true, true, false, true, true, true, softFail), List.of()));
    }

    private static void assertAccepted(Attempt attempt) {
        assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
    }

    private static String refusal(Attempt attempt) {
        assertThat(Mails.refusal(attempt).step()).as(Mails.refusal(attempt).message()).isEqualTo(Step.Certificate);
        assertThat(Mails.refusal(attempt).message()).contains("check of revocation failed: ", "SHA-256 ");
        return Mails.refusal(attempt).message();
    }

    private OpenSslResponder responder(X509Certificate certificate, boolean revoked) throws IOException {
        InstalledProgram.OPENSSL.require();
        return OpenSslResponder.start(directory, responderPort, ca, certificate, revoked);
    }

    /** Serves a list, and counts who asked. */
    private final class Lists implements AutoCloseable {
        private final HttpServer http;
        private final AtomicInteger asked = new AtomicInteger();
        private volatile byte[] list = new byte[0];

        Lists() throws IOException {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            http.createContext("/", exchange -> {
                asked.incrementAndGet();
                exchange.sendResponseHeaders(200, list.length);
                exchange.getResponseBody().write(list);
                exchange.close();
            });
            http.start();
        }

        String url() {
            return "http://127.0.0.1:" + http.getAddress().getPort() + "/ca.crl";
        }

        void revoke(X509Certificate... certificates) {
            serve(ca.revocationList(certificates));
        }

        void serve(byte[] newList) {
            list = newList;
        }

        @Override
        public void close() {
            http.stop(0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theResponderIsAsked(boolean softFail) throws IOException {
        TestCertificates.Server good = ca.server(Request.of("localhost").asking(responderUrl, ""));
        try (OpenSslResponder _ = responder(good.x509(), false)) {
            assertAccepted(send(good, softFail));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatTheResponderSaysIsRevokedIsRefused(boolean softFail) throws IOException {
        TestCertificates.Server bad = ca.server(Request.of("localhost").asking(responderUrl, ""));
        try (OpenSslResponder _ = responder(bad.x509(), true)) {
            assertThat(refusal(send(bad, softFail))).contains("the responder (OCSP) says that it was revoked");
        }
    }

    @Test
    void theListIsAskedWhereThereIsNoResponder() throws IOException {
        try (Lists lists = new Lists()) {
            TestCertificates.Server good = ca.server(Request.of("localhost").asking("", lists.url()));
            TestCertificates.Server bad = ca.server(Request.of("localhost").asking("", lists.url()));
            lists.revoke(bad.x509());
            assertAccepted(send(good, false));
            assertThat(refusal(send(bad, true))).contains("the list (CRL) says that it was revoked");
            assertThat(lists.asked).hasPositiveValue();
        }
    }

    @Test
    void theListIsAskedWhereTheResponderIsDown() throws IOException {
        try (Lists lists = new Lists()) {
            TestCertificates.Server good = ca.server(Request.of("localhost").asking(responderUrl, lists.url()));
            TestCertificates.Server bad = ca.server(Request.of("localhost").asking(responderUrl, lists.url()));
            lists.revoke(bad.x509());
            assertAccepted(send(good, false));
            assertThat(refusal(send(bad, true))).contains("the list (CRL) says that it was revoked");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"responder", "list", "both"})
    void thatNobodyCanBeReachedIsARefusalUnlessItMayPass(String who) {
        TestCertificates.Server certificate = ca.server(Request.of("localhost")
                .asking(who.equals("list") ? "" : responderUrl,
                        who.equals("responder") ? "" : responderUrl + "/ca.crl"));
        assertThat(refusal(send(certificate, false)))
                .contains("nobody can tell whether it was revoked", "cannot be reached: the connection was refused",
                        "spec.smtp.tls.certificateVerification.softFail");
        assertAccepted(send(certificate, true));
    }

    @Test
    void aListThatIsNoneOrAnothersDoesNotCount() throws IOException {
        try (Lists lists = new Lists()) {
            TestCertificates.Server certificate = ca.server(Request.of("localhost").asking("", lists.url()));
            lists.serve("<html>".getBytes(StandardCharsets.US_ASCII));
            assertThat(refusal(send(certificate, true))).contains("the list (CRL) does not say so");
            lists.serve(new TestCertificates("Another").revocationList());
            assertThat(refusal(send(certificate, true))).contains("the list (CRL) does not say so");
        }
    }

    @Test
    void aCertificateThatNamesNobodyIsRefusedEitherWay() {
        TestCertificates.Server certificate = ca.server("localhost");
        assertThat(refusal(send(certificate, false))).contains("it names neither a responder (OCSP) nor a list (CRL)");
        assertThat(refusal(send(certificate, true))).contains("it names neither");
    }

    @Test
    void theCertificatesBetweenAreAskedAboutToo() throws IOException {
        try (Lists lists = new Lists(); Lists below = new Lists()) {
            TestCertificates middle = ca.intermediate("Middle", Request.of().asking("", lists.url()));
            TestCertificates.Server certificate = middle.server(Request.of("localhost").asking("", below.url()));
            lists.revoke();
            below.serve(middle.revocationList());
            assertAccepted(send(certificate, false));
            lists.revoke(middle.x509());
            assertThat(refusal(send(certificate, false)))
                    .contains("\"CN=Middle\", which it leads through: the list (CRL) says that it was revoked");
        }
    }

    @Test
    void aResponderThatNeverAnswersIsNotWaitedForForLong() throws IOException {
        try (ServerSocket silent = new ServerSocket(responderPort, 5, InetAddress.getLoopbackAddress());
                ScriptedSmtpServer server = ScriptedSmtpServer.start()) {
            assertThat(silent.isBound()).isTrue();
            server.implicitTls(ca.server(Request.of("localhost").asking(responderUrl, "")));
            Endpoint.Smtp e = endpoint(server.port(), false);
            Endpoint.Smtp hasty = new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                    e.ehloName(), e.connectTimeout(), Duration.ofSeconds(2), e.replyTimeout(), e.dataTimeout(), 1,
                    e.login());
            Attempt attempt = Mails.send(hasty);
            assertThat(refusal(attempt)).contains("nobody could tell within 1s whether it was revoked");
            assertThat(attempt.duration()).isLessThan(Duration.ofSeconds(4));
        }
    }

    /** The server asks the responder itself, and brings its answer along; the client has no need to ask. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatTheServerBringsAlongCountsFirst(boolean revoked) throws IOException {
        TestCertificates.Server certificate = withStapling(
                () -> ca.server(Request.of("localhost").asking(responderUrl, "")));
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().implicitTls(certificate)) {
            try (OpenSslResponder _ = responder(certificate.x509(), revoked)) {
                // The server takes its time for the first answer, and keeps it.
                Mails.send(Mails.secure(server.port(), Security.TLS, ca.pem()));
            }
            Attempt attempt = Mails.send(endpoint(server.port(), false));
            if (revoked) {
                assertThat(refusal(attempt)).contains("the answer that the server brought along says that it was "
                        + "revoked");
            } else {
                assertAccepted(attempt);
            }
        }
    }

    private static TestCertificates.Server withStapling(Supplier<TestCertificates.Server> make) {
        System.setProperty("jdk.tls.server.enableStatusRequestExtension", "true");
        try {
            return make.get();
        } finally {
            System.clearProperty("jdk.tls.server.enableStatusRequestExtension");
        }
    }
}
