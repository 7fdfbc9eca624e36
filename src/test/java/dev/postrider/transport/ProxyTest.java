package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.TestProxy;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("upstreams")
final class ProxyTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start().startTls(CA.server(TestProxy.HOST));

    @AfterEach
    void close() {
        server.close();
    }

    private static TestProxy start(Proxy.Type type, String login) {
        return type == Proxy.Type.HTTP ? TestProxy.http(login) : TestProxy.socks(login);
    }

    private Endpoint.Smtp behind(Proxy.Type type, int proxyPort, String login) {
        Optional<Login.Password> password = login.isEmpty()
                ? Optional.empty()
                : Optional.of(new Login.Password(login.substring(0, login.indexOf(':')),
                        login.substring(login.indexOf(':') + 1)));
        return Mails.through(Mails.at(Mails.secure(server.port(), Security.STARTTLS, CA.pem()), TestProxy.HOST),
                new Proxy(type, "127.0.0.1", proxyPort, password));
    }

    @ParameterizedTest
    @EnumSource
    void mailGoesThroughAProxyThatAloneKnowsTheServersName(Proxy.Type type) {
        try (TestProxy proxy = start(type, "")) {
            Attempt attempt = Mails.send(behind(type, proxy.port(), ""));
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(proxy.targets()).containsExactly(TestProxy.HOST + ":" + server.port());
            assertThat(attempt.server()).isEqualTo(
                    TestProxy.HOST + ":" + server.port() + " (through 127.0.0.1:" + proxy.port() + ")");
            assertThat(attempt.dialogue()).contains("-- connected through the proxy 127.0.0.1:" + proxy.port());
            assertThat(attempt.tls()).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAddressIsHandedToTheProxyAsOne(Proxy.Type type) {
        server.startTls(CA.server("127.0.0.1"));
        try (TestProxy proxy = start(type, "")) {
            Attempt attempt = Mails.send(Mails.at(behind(type, proxy.port(), ""), "127.0.0.1"));
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(proxy.targets()).containsExactly("127.0.0.1:" + server.port());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyMayWantALogin(Proxy.Type type) {
        try (TestProxy proxy = start(type, "shop:geheim-4711")) {
            assertThat(Mails.send(behind(type, proxy.port(), "shop:geheim-4711")).verdicts().get("rcpt@example.com"))
                    .isInstanceOf(Verdict.Accepted.class);

            Attempt without = Mails.send(behind(type, proxy.port(), ""));
            assertThat(Mails.refusal(without).message()).startsWith("Connection: the proxy 127.0.0.1:" + proxy.port()
                    + " does not connect to " + TestProxy.HOST)
                    .contains("it wants a login", "spec.smtp.proxy.secretRef");

            Attempt wrong = Mails.send(behind(type, proxy.port(), "shop:geheim-4712"));
            assertThat(Mails.refusal(wrong).message())
                    .contains("it does not take this login; check username and password in the Secret");
            assertThat(wrong.toString()).doesNotContain("geheim", "c2hvcDpnZWhlaW0");
        }
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            HTTP   | HTTP/1.1 403 Forbidden%n%n          | Connection | HTTP 403: it does not let anybody through
            HTTP   | HTTP/1.1 504 Gateway Timeout%n%n    | Connection | HTTP 504: it cannot reach mail.behind.proxy
            HTTP   | HTTP/1.1 407 Login%n%n              | Connection | HTTP 407: it wants a login
            HTTP   | 220 mail.example.com ESMTP%n%n      | Connection | the answer is not one of an HTTP proxy; check spec.smtp.proxy.type
            HTTP   | silence                             | Timeout    | took longer than 400ms to connect to mail.behind.proxy
            SOCKS5 | 2                                   | Connection | its rules do not allow mail.behind.proxy
            SOCKS5 | 4                                   | Connection | it cannot reach mail.behind.proxy
            SOCKS5 | 5                                   | Connection | refuses its connection (reply 5); check spec.smtp.port
            SOCKS5 | silence                             | Timeout    | took longer than 400ms to connect to mail.behind.proxy
            """)
    // @formatter:on
    void whatAProxyRefusesIsToldWithItsMeaning(Proxy.Type type, String answer, Step step, String message) {
        try (TestProxy proxy = start(type, "").answering(answer.replace("%n", "\r\n"))) {
            Endpoint.Smtp e = behind(type, proxy.port(), "");
            Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                    e.ehloName(), Duration.ofMillis(400), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                    e.login()));
            assertThat(Mails.refusal(attempt)).returns(step, Verdict.Refused::step)
                    .returns(false, Verdict.Refused::permanent);
            assertThat(Mails.refusal(attempt).message()).contains(message);
            assertThat(server.connections()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyThatIsNotThereIsSaidToBeTheProxy(Proxy.Type type) {
        int port = FreePort.find();
        assertThat(Mails.refusal(Mails.send(behind(type, port, ""))).message())
                .contains("cannot connect to the proxy 127.0.0.1:" + port, "spec.smtp.proxy.host");
    }

    @Test
    void aServerOfTheOtherKindIsNoProxy() {
        try (TestProxy http = TestProxy.http("")) {
            Endpoint.Smtp e = behind(Proxy.Type.SOCKS5, http.port(), "");
            Attempt attempt = Mails.send(new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), false, e.proxy(),
                    e.ehloName(), Duration.ofMillis(400), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                    e.login()));
            assertThat(Mails.refusal(attempt).message()).contains("127.0.0.1:" + http.port());
        }
    }
}
