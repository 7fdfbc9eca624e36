package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TlsSettings;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the tests of this package send, and where to. */
public final class Mails {
    static final String TEXT = "Subject: hello\r\n\r\nWorld\r\n";

    private Mails() {}

    public static Envelope envelope(String... recipients) {
        return new Envelope("sender@example.com", List.of(recipients), false, false);
    }

    public static MessageContent text(String text) {
        return bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public static MessageContent bytes(byte[] bytes) {
        return new MessageContent() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }
        };
    }

    public static Endpoint.Smtp plain(int port) {
        return new Endpoint.Smtp("127.0.0.1", port, Security.NONE, Optional.empty(), Duration.ofSeconds(5),
                Duration.ofSeconds(5), 1, Optional.empty());
    }

    static Endpoint.Smtp taking(Endpoint.Smtp e, Endpoint.EightBitMime eightBitMime) {
        return new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), e.allowPlaintextAuthentication(),
                e.proxy(), e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                e.login(), e.withoutSmtpUtf8(), e.maxRecipients(), eightBitMime);
    }

    static Endpoint.Smtp secure(int port, Security security, String authorities) {
        return new Endpoint.Smtp("localhost", port, security, Optional.of(authorities), Duration.ofSeconds(5),
                Duration.ofSeconds(5), 1, Optional.empty());
    }

    static Endpoint.Smtp with(Endpoint.Smtp e, Login login) {
        return new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), e.allowPlaintextAuthentication(),
                e.proxy(), e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1,
                Optional.of(login));
    }

    static Endpoint.Smtp with(Endpoint.Smtp e, TlsSettings tls) {
        return new Endpoint.Smtp(e.host(), e.port(), e.security(), tls, e.allowPlaintextAuthentication(), e.proxy(),
                e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1, e.login());
    }

    static Endpoint.Smtp through(Endpoint.Smtp e, Proxy proxy) {
        return new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), e.allowPlaintextAuthentication(),
                Optional.of(proxy), e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(),
                e.dataTimeout(), 1, e.login());
    }

    static Endpoint.Smtp at(Endpoint.Smtp e, String host) {
        return new Endpoint.Smtp(host, e.port(), e.security(), e.tls(), e.allowPlaintextAuthentication(), e.proxy(),
                e.ehloName(), e.connectTimeout(), e.tlsTimeout(), e.replyTimeout(), e.dataTimeout(), 1, e.login());
    }

    static Endpoint.Smtp impatient(Endpoint.Smtp e) {
        Duration soon = Duration.ofMillis(400);
        return new Endpoint.Smtp(e.host(), e.port(), e.security(), e.tls(), e.allowPlaintextAuthentication(),
                e.proxy(), e.ehloName(), soon, soon, soon, soon, 1, e.login());
    }

    public static ServerRoute route(Endpoint endpoint) {
        return new ServerRoute(new ResourceKey("shop", "own"), false, true, endpoint);
    }

    /** One message to one recipient, over a connection of its own. */
    static Attempt send(Endpoint endpoint) {
        return send(endpoint, new AccessTokens());
    }

    static Attempt send(Endpoint endpoint, AccessTokens tokens) {
        return send(endpoint, tokens, new PopLogins());
    }

    static Attempt send(Endpoint endpoint, AccessTokens tokens, PopLogins popLogins) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY, tokens, popLogins)
                .to(route(endpoint))) {
            return upstream.send(envelope("rcpt@example.com"), text(TEXT));
        }
    }

    /** The refusal of the one recipient of {@link #send}. */
    static Verdict.Refused refusal(Attempt attempt) {
        return switch (attempt.verdicts().get("rcpt@example.com")) {
            case Verdict.Refused refused -> refused;
            case Verdict.Accepted accepted -> throw new AssertionError("accepted: " + accepted);
            case null -> throw new AssertionError("no verdict");
        };
    }
}
