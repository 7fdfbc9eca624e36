package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Proxy;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.protocol.HttpCoreContext;

/**
 * One request of HTTP over a connection of its own, which goes through a proxy and is encrypted and checked as declared
 * for a mail server. The JDK's client speaks to no proxy by SOCKS 5, and logs in at none with TLS behind. An answer has
 * a bound, and a redirect is not followed.
 *
 * @param proxy    what it goes through
 * @param tls      how an https URL is asked
 * @param patience how long connecting, the handshake and the exchange may take, each
 */
record HttpExchange(Optional<Proxy> proxy, TlsSettings tls, Duration patience) {
    private static final ResourceKey NOBODY = new ResourceKey("", "");

    /** What came back; of a longer body than wanted as much as was. */
    static final class Answer {
        private final int status;
        private final byte[] body;

        private Answer(int status, byte[] body) {
            this.status = status;
            this.body = body;
        }

        int status() {
            return status;
        }

        byte[] body() {
            return body;
        }
    }

    /**
     * Makes a request.
     *
     * @param body to post; empty to get
     * @param most octets of the answer's body
     * @throws IOException      if there is no answer in time, or the server's certificate is refused, which
     *                          {@link CertificateRefusedException#in} tells
     * @throws RefusedException if there is no connection
     */
    Answer send(URI uri, Map<String, String> headers, Optional<byte[]> body, int most)
            throws IOException, RefusedException {
        boolean https = "https".equalsIgnoreCase(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : https ? 443 : 80;
        Optional<Proxy> asked = proxy.filter(through -> !https && through.type() == Proxy.Type.HTTP);
        Endpoint.Smtp endpoint = asked.isPresent()
                ? endpoint(asked.get().host(), asked.get().port(), Endpoint.Security.NONE, Optional.empty())
                : endpoint(uri.getHost().replaceAll("^\\[|\\]$", ""), port,
                        https ? Endpoint.Security.TLS : Endpoint.Security.NONE, proxy);
        var request = new BasicClassicHttpRequest(body.isPresent() ? "POST" : "GET", uri);
        request.setHeader("Host", uri.getPort() >= 0 ? uri.getHost() + ":" + uri.getPort() : uri.getHost());
        request.setHeader("Connection", "close");
        headers.forEach(request::setHeader);
        body.ifPresent(octets -> {
            request.setHeader("Content-Length", octets.length);
            request.setEntity(new ByteArrayEntity(octets, ContentType.parse(headers.get("Content-Type"))));
        });
        // RFC 9112 section 3.2.2: a proxy is told the whole URL where nothing is tunnelled.
        request.setAbsoluteRequestUri(asked.isPresent());
        asked.flatMap(Proxy::login)
                .ifPresent(login -> request.setHeader("Proxy-Authorization", "Basic " + Base64.getEncoder()
                        .encodeToString((login.user() + ":" + login.password()).getBytes(StandardCharsets.UTF_8))));
        return exchange(endpoint, request, most);
    }

    private Endpoint.Smtp endpoint(String host, int port, Endpoint.Security security, Optional<Proxy> through) {
        return new Endpoint.Smtp(host, port, security, tls, false, through, Optional.empty(), patience, patience,
                patience, patience, 1, Optional.empty());
    }

    private Answer exchange(Endpoint.Smtp endpoint, BasicClassicHttpRequest request, int most)
            throws IOException, RefusedException {
        Dialogue silent = new Dialogue(false);
        Wire wire = Wire.connect(endpoint, endpoint.security() == Endpoint.Security.TLS
                ? Optional.of(new TlsContexts().of(NOBODY, endpoint))
                : Optional.empty(), silent);
        try {
            if (endpoint.security() == Endpoint.Security.TLS) {
                wire.encrypt();
            }
            Socket socket = wire.current();
            try (var _ = wire.deadline(patience)) {
                var connection = new DefaultBHttpClientConnection(Http1Config.DEFAULT);
                connection.bind(socket);
                try (ClassicHttpResponse response = new HttpRequestExecutor().execute(request, connection,
                        HttpCoreContext.create())) {
                    return new Answer(response.getCode(), body(response, most));
                }
            }
        } catch (HttpException e) {
            throw new IOException("the answer is not one of HTTP: " + e.getMessage(), e);
        } catch (IOException e) {
            throw wire.timedOut() ? new IOException("no answer within " + patience.toSeconds() + " s", e) : e;
        } finally {
            wire.cut();
        }
    }

    private static byte[] body(ClassicHttpResponse response, int most) throws IOException {
        if (response.getEntity() == null) {
            return new byte[0];
        }
        try (InputStream in = new FirstOctets(response.getEntity().getContent(), most)) {
            return in.readAllBytes();
        }
    }
}
