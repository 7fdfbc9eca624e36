package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import dev.postrider.route.TokenSource;
import dev.postrider.testing.DovecotServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.OpenSslResponder;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestCertificates.Request;
import dev.postrider.testing.TestProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Authorities of its own for whatever is asked beside a mail server, and the declared proxy on the way. */
@Tag("promises")
final class DeclaredTlsTest {
    private static final TestCertificates CA = new TestCertificates("Private CA");
    private static final String LOGIN = "shop:geheim-4711";

    @TempDir
    Path directory;

    private static Optional<TlsSettings> trusting(String pem) {
        return Optional.of(TlsSettings.trusting(Optional.of(pem)));
    }

    @ParameterizedTest
    @CsvSource({"TLS", "STARTTLS"})
    void aPop3ServerHasAuthoritiesOfItsOwnWhereSmtpIsInTheClear(Security security) {
        Optional<DovecotServer> installed = DovecotServer.startIfInstalled(CA.server("localhost"), "shop",
                "geheim-4711", "localhost");
        assumeTrue(installed.isPresent(), "no Dovecot here, or not root: not tried");
        try (var smtp = ScriptedSmtpServer.start(); DovecotServer dovecot = installed.orElseThrow()) {
            int port = security == Security.TLS ? dovecot.pop3s() : dovecot.pop3();

            Attempt with = Mails.send(Mails.with(Mails.plain(smtp.port()), pop(port, security, trusting(CA.pem()))));
            assertThat(with.verdicts().get("rcpt@example.com")).as(with::toString).isInstanceOf(Verdict.Accepted.class);

            Attempt without = Mails.send(Mails.with(Mails.plain(smtp.port()), pop(port, security, Optional.empty())));
            assertThat(Mails.refusal(without).message()).startsWith("Certificate: POP before SMTP: ")
                    .contains("name the authority that issued it in "
                            + "spec.smtp.authentication.popBeforeSmtp.tls.caSecretRef");
        }
    }

    private static Login pop(int port, Security security, Optional<TlsSettings> tls) {
        return new Login.PopBeforeSmtp("localhost", port, security, tls, "shop", "geheim-4711", Duration.ZERO,
                Duration.ofMinutes(10));
    }

    /** A token endpoint with TLS by a private authority; keeps the forms that it gets. */
    private static final class Tokens implements AutoCloseable {
        private final HttpsServer server;
        private final List<String> forms = new CopyOnWriteArrayList<>();

        Tokens(String host) throws IOException {
            server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(CA.server(host).context()));
            server.createContext("/token", exchange -> {
                forms.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                byte[] answer = "{\"access_token\":\"t0ken\",\"expires_in\":3600}".getBytes(StandardCharsets.UTF_8);
                // Chunked.
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write(answer);
                exchange.close();
            });
            server.start();
        }

        TokenSource source(String host, Optional<TlsSettings> tls, Optional<Proxy> proxy) {
            return new TokenSource("https://" + host + ":" + server.getAddress().getPort() + "/token",
                    Optional.of("mail"), new TokenSource.ClientSecret("app", "s3cret-4711"), tls, proxy);
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    @Test
    void aTokenEndpointHasAuthoritiesOfItsOwn() throws Exception {
        try (var tokens = new Tokens("localhost")) {
            AccessTokens asking = new AccessTokens();

            assertThat(asking.token(tokens.source("localhost", trusting(CA.pem()), Optional.empty()),
                    LoopbackUpstreams.POLICY))
                    .isEqualTo("t0ken");
            assertThat(tokens.forms).singleElement().asString().contains("client_id=app", "client_secret=s3cret-4711");

            assertThatThrownBy(() -> asking.token(tokens.source("localhost", Optional.empty(), Optional.empty()),
                    LoopbackUpstreams.POLICY))
                    .hasMessageContaining("spec.smtp.authentication.oauth2.tls.caSecretRef");
            TestCertificates other = new TestCertificates("Other CA");
            assertThatThrownBy(
                    () -> asking.token(tokens.source("localhost", trusting(other.pem()), Optional.empty()),
                            LoopbackUpstreams.POLICY))
                    .hasMessageContaining("its certificate is refused: check of chain failed")
                    .hasMessageContaining("spec.smtp.authentication.oauth2.tls")
                    .hasMessageNotContaining("spec.smtp.tls");
            assertThatThrownBy(
                    () -> asking.token(tokens.source("127.0.0.1", trusting(CA.pem()), Optional.empty()),
                            LoopbackUpstreams.POLICY))
                    .hasMessageContaining("check of hostName failed");
            assertThat(tokens.forms).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTokenEndpointIsAskedThroughTheProxyOfItsServer(Proxy.Type type) throws Exception {
        try (var tokens = new Tokens(TestProxy.HOST);
                TestProxy proxy = type == Proxy.Type.HTTP ? TestProxy.http(LOGIN) : TestProxy.socks(LOGIN)) {
            TokenSource source = tokens.source(TestProxy.HOST, trusting(CA.pem()), Optional.of(new Proxy(type,
                    "127.0.0.1", proxy.port(), Optional.of(new Login.Password("shop", "geheim-4711")))));

            assertThat(new AccessTokens().token(source, LoopbackUpstreams.POLICY)).isEqualTo("t0ken");
            assertThat(proxy.targets()).containsExactly(TestProxy.HOST + ":" + tokens.server.getAddress().getPort());

            TokenSource wrong = source.asked(source.tls(), Optional.of(new Proxy(type, "127.0.0.1", proxy.port(),
                    Optional.of(new Login.Password("shop", "geheim-4712")))));
            assertThatThrownBy(() -> new AccessTokens().token(wrong, LoopbackUpstreams.POLICY))
                    .hasMessageContaining("the proxy 127.0.0.1:" + proxy.port() + " does not connect to ")
                    .hasMessageContaining("it does not take this login")
                    .hasMessageNotContaining("geheim");
        }
    }

    private static Verdict checked(int proxyPort, Proxy.Type type, TestCertificates.Server certificate) {
        try (var smtp = ScriptedSmtpServer.start().implicitTls(certificate)) {
            TlsSettings revocation = new TlsSettings("TLSv1.2", Optional.empty(), Optional.of(CA.pem()),
                    Optional.empty(), new Verification(true, true, false, true, true, true, false), List.of());
            Endpoint.Smtp endpoint = Mails.with(Mails.at(Mails.secure(smtp.port(), Security.TLS, CA.pem()),
                    TestProxy.HOST), revocation);
            Attempt attempt = Mails.send(Mails.through(endpoint, new Proxy(type, "127.0.0.1", proxyPort,
                    Optional.of(new Login.Password("shop", "geheim-4711")))));
            return Objects.requireNonNull(attempt.verdicts().get("rcpt@example.com"));
        }
    }

    /** Only the proxy knows the name of the responder. */
    @ParameterizedTest
    @CsvSource({"HTTP, false", "HTTP, true", "SOCKS5, false", "SOCKS5, true"})
    void aResponderIsAskedThroughTheProxy(Proxy.Type type, boolean revoked) throws Exception {
        assumeTrue(OpenSslResponder.isInstalled(), "openssl is not installed: its responder was not tried");
        int port = FreePort.find();
        TestCertificates.Server certificate = CA
                .server(Request.of(TestProxy.HOST).asking("http://" + TestProxy.HOST + ":" + port + "/", ""));
        try (OpenSslResponder _ = OpenSslResponder.start(directory, port, CA, certificate.x509(), revoked);
                TestProxy proxy = type == Proxy.Type.HTTP ? TestProxy.http(LOGIN) : TestProxy.socks(LOGIN)) {
            Verdict verdict = checked(proxy.port(), type, certificate);

            assertThat(proxy.targets()).as("%s", verdict).hasSize(2);
            if (revoked) {
                assertThat(verdict).isInstanceOfSatisfying(Verdict.Refused.class, refused -> assertThat(
                        refused.message()).contains("the responder (OCSP) says that it was revoked"));
            } else {
                assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"HTTP, false", "HTTP, true", "SOCKS5, false", "SOCKS5, true"})
    void aListIsFetchedThroughTheProxy(Proxy.Type type, boolean revoked) throws Exception {
        HttpServer lists = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        TestCertificates.Server certificate = CA.server(Request.of(TestProxy.HOST)
                .asking("", "http://" + TestProxy.HOST + ":" + lists.getAddress().getPort() + "/ca.crl"));
        byte[] list = revoked ? CA.revocationList(certificate.x509()) : CA.revocationList();
        lists.createContext("/", exchange -> {
            exchange.sendResponseHeaders(exchange.getRequestURI().toString().equals("/ca.crl") ? 200 : 404,
                    list.length);
            exchange.getResponseBody().write(list);
            exchange.close();
        });
        lists.start();
        try (TestProxy proxy = type == Proxy.Type.HTTP ? TestProxy.http(LOGIN) : TestProxy.socks(LOGIN)) {
            Verdict verdict = checked(proxy.port(), type, certificate);

            if (revoked) {
                assertThat(verdict).isInstanceOfSatisfying(Verdict.Refused.class, refused -> assertThat(
                        refused.message()).contains("the list (CRL) says that it was revoked"));
            } else {
                assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
            }
        } finally {
            lists.stop(0);
        }
    }
}
