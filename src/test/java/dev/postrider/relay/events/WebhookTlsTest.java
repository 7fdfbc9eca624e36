package dev.postrider.relay.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.postrider.route.CertificateBundle;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.testing.TestCertificates;
import dev.postrider.transport.LoopbackUpstreams;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A receiver whose certificate is of a private authority. */
@Tag("promises")
final class WebhookTlsTest {
    private static final TestCertificates CA = new TestCertificates("Private CA");
    private static final TestCertificates.Server CERTIFICATE = CA.server("localhost");

    private final WebhookClient client = new WebhookClient(new WebhookPolicy(false, LoopbackUpstreams.POLICY),
            WebhookTimes.DEFAULT);
    private HttpsServer receiver;

    @BeforeEach
    void start() throws Exception {
        receiver = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.setHttpsConfigurator(new HttpsConfigurator(CERTIFICATE.context()));
        receiver.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void stop() {
        client.close();
        receiver.stop(0);
    }

    private int post(String host, Optional<TlsSettings> tls) throws Exception {
        return client.post(URI.create("https://" + host + ":" + receiver.getAddress().getPort() + "/"), Map.of(), "{}",
                tls);
    }

    private static Optional<TlsSettings> trusting(TestCertificates authority) {
        return Optional.of(TlsSettings.trusting(Optional.of(authority.pem())));
    }

    @Test
    void isTrustedWhereItIsDeclaredAndOnlyThere() throws Exception {
        assertThat(post("localhost", trusting(CA))).isEqualTo(204);

        // A connection that was kept is nobody else's.
        assertThatThrownBy(() -> post("localhost", Optional.empty())).hasMessageContaining("PKIX path building failed");
        assertThatThrownBy(() -> post("localhost", trusting(new TestCertificates("Other CA"))))
                .hasMessageContaining("its certificate is refused: check of chain failed")
                .hasMessageContaining("spec.events.webhook.tls.caSecretRef");
        assertThatThrownBy(() -> post("127.0.0.1", trusting(CA))).hasMessageContaining("check of hostName failed");
        assertThat(post("localhost", trusting(CA))).isEqualTo(204);
    }

    /** Others declare more ways to speak TLS than are kept, while one waits for the answer of its receiver. */
    @Test
    @Tag("isolation")
    void thatOthersDeclareBreaksOffNothing() throws Exception {
        var asked = new CountDownLatch(1);
        var answers = new CountDownLatch(1);
        receiver.createContext("/slow", exchange -> {
            exchange.getRequestBody().readAllBytes();
            asked.countDown();
            try {
                answers.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        URI slow = URI.create("https://localhost:" + receiver.getAddress().getPort() + "/slow");
        URI nobody;
        try (var unused = new ServerSocket(0)) {
            nobody = URI.create("https://127.0.0.1:" + unused.getLocalPort() + "/");
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var status = threads.submit(() -> client.post(slow, Map.of(), "{}", trusting(CA)));
            asked.await();
            for (int i = 0; i < 101; i++) {
                Optional<TlsSettings> other = Optional.of(new TlsSettings("TLSv1.2", Optional.of("h" + i + ".example"),
                        Optional.empty(), Optional.empty(), Verification.FULL, List.of()));
                assertThatThrownBy(() -> client.post(nobody, Map.of(), "{}", other)).isInstanceOf(IOException.class);
            }
            answers.countDown();
            assertThat(status.get()).isEqualTo(204);
        }
    }

    @Test
    void mayBePinned() throws Exception {
        String pin = CertificateBundle.fingerprint(CertificateBundle.parse(CERTIFICATE.certificate()).getFirst());
        TlsSettings pinned = new TlsSettings("TLSv1.2", Optional.empty(), Optional.empty(), Optional.empty(),
                Verification.FULL, List.of(pin));
        assertThat(post("localhost", Optional.of(pinned))).isEqualTo(204);
    }
}
