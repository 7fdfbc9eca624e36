package dev.postrider.transport;

import dev.postrider.route.CertificateNames;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Proxy;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.protocol.HttpCoreContext;

/**
 * Requests of HTTP that a tenant's declaration, or a certificate, makes Postrider send: each over a connection of its
 * own, which goes where the policy lets it, through a proxy, and is encrypted and checked as declared for a mail server.
 * The JDK's client has no say in which address a name has, speaks to no proxy by SOCKS 5, and logs in at none with TLS
 * behind. An answer has a time in which it must be complete, however slowly it comes, and is read as it comes: nothing
 * here holds it.
 *
 * @param egress where it may go, with each redirect anew
 * @param proxy  what it goes through
 * @param tls    how an https URL is asked
 * @param time   for connecting and the whole answer
 */
record HttpExchange(EgressPolicy egress, Optional<Proxy> proxy, TlsSettings tls, Duration time) {
    private static final ResourceKey NOBODY = new ResourceKey("", "");
    private static final int MOST_REDIRECTS = 3;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Http1Config BOUNDS = Http1Config.custom()
            .setMaxLineLength(16 * 1024)
            .setMaxHeaderCount(100)
            .build();

    /** Reads an answer. */
    @FunctionalInterface
    interface Reading<T> {
        /**
         * Reads it.
         *
         * @param body of the answer, if need be empty; reading it fails when the time is over
         */
        T read(int status, InputStream body) throws IOException;
    }

    /** The time was over before the answer was complete. */
    static final class SlowAnswerException extends IOException {
        SlowAnswerException(Throwable cause) {
            super("timed out", cause);
        }
    }

    /** What a request comes to: an answer that was read, or where else to ask. */
    private sealed interface Outcome<T> {
        record Read<T>(T value) implements Outcome<T> {}

        record Redirected<T>(URI to) implements Outcome<T> {}
    }

    /**
     * GET; up to three redirects are followed.
     *
     * @throws SlowAnswerException                  if the time was not enough
     * @throws EgressPolicy.RefusedAddressException if the policy forbids the address
     * @throws IOException                          if there is no answer, or it cannot be read, or the server's
     *                                              certificate is refused, which {@link CertificateRefusedException#in}
     *                                              tells
     */
    <T> T get(URI url, Reading<T> reading) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        URI asked = url;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            switch (exchange(new BasicClassicHttpRequest("GET", asked), asked, reading, true, end)) {
                case Outcome.Read<T>(T value) -> {
                    return value;
                }
                case Outcome.Redirected<T>(URI to) -> asked = to;
            }
        }
        throw new IOException("more than " + MOST_REDIRECTS + " redirects");
    }

    /** POST; a redirect is an answer. As {@link #get} otherwise. */
    <T> T post(URI url, Map<String, String> headers, byte[] content, Reading<T> reading) throws IOException {
        var request = new BasicClassicHttpRequest("POST", url);
        headers.forEach(request::setHeader);
        request.setHeader("Content-Length", content.length);
        request.setEntity(new ByteArrayEntity(content, ContentType.parse(headers.get("Content-Type"))));
        return switch (exchange(request, url, reading, false, System.nanoTime() + time.toNanos())) {
            case Outcome.Read<T>(T value) -> value;
            case Outcome.Redirected<T> _ -> throw new IllegalStateException("redirects are not followed");
        };
    }

    private <T> Outcome<T> exchange(BasicClassicHttpRequest request, URI url, Reading<T> reading, boolean follow,
            long end) throws IOException {
        boolean https = "https".equalsIgnoreCase(url.getScheme());
        if (url.getHost() == null || !https && !"http".equalsIgnoreCase(url.getScheme())) {
            throw new IOException("neither http nor https");
        }
        // A URL has brackets around IPv6.
        String host = url.getHost().replaceAll("^\\[|\\]$", "");
        int port = url.getPort() >= 0 ? url.getPort() : https ? 443 : 80;
        Optional<Proxy> asked = proxy.filter(through -> !https && through.type() == Proxy.Type.HTTP);
        request.setHeader("Host", url.getPort() >= 0 ? url.getHost() + ":" + url.getPort() : url.getHost());
        request.setHeader("Connection", "close");
        request.setHeader("User-Agent", "Postrider");
        // RFC 9112 section 3.2.2: a proxy is told the whole URL where nothing is tunnelled.
        request.setAbsoluteRequestUri(asked.isPresent());
        asked.flatMap(Proxy::login)
                .ifPresent(login -> request.setHeader("Proxy-Authorization", "Basic " + Base64.getEncoder()
                        .encodeToString((login.user() + ":" + login.password()).getBytes(StandardCharsets.UTF_8))));
        if (asked.isPresent() && CertificateNames.isAddress(host)) {
            // A name is the proxy's to resolve.
            egress.permitted(List.of(InetAddress.getAllByName(host)));
        }
        Duration left = left(end);
        Wire wire = connect(asked.isPresent()
                ? endpoint(asked.get().host(), asked.get().port(), Endpoint.Security.NONE, Optional.empty(), left)
                : endpoint(host, port, https ? Endpoint.Security.TLS : Endpoint.Security.NONE, proxy, left));
        try (var _ = wire.deadline(left(end))) {
            if (https) {
                wire.encrypt();
            }
            var connection = new DefaultBHttpClientConnection(BOUNDS);
            connection.bind(wire.current());
            // Not closed, for that would read the rest of the answer.
            ClassicHttpResponse response = new HttpRequestExecutor().execute(request, connection,
                    HttpCoreContext.create());
            Header location = response.getFirstHeader("Location");
            if (follow && location != null && REDIRECTS.contains(response.getCode())) {
                return new Outcome.Redirected<>(url.resolve(location.getValue()));
            }
            return new Outcome.Read<>(reading.read(response.getCode(), response.getEntity() == null
                    ? InputStream.nullInputStream()
                    : response.getEntity().getContent()));
        } catch (HttpException | IllegalArgumentException e) {
            throw new IOException("the answer is not one of HTTP", e);
        } catch (IOException e) {
            throw wire.timedOut() ? new SlowAnswerException(e) : e;
        } finally {
            wire.cut();
        }
    }

    private static Duration left(long end) throws SlowAnswerException {
        Duration left = Duration.ofNanos(end - System.nanoTime());
        if (!left.isPositive()) {
            throw new SlowAnswerException(new IOException("nothing is left of the time"));
        }
        return left;
    }

    private Endpoint.Smtp endpoint(String host, int port, Endpoint.Security security, Optional<Proxy> through,
            Duration patience) {
        return new Endpoint.Smtp(host, port, security, tls, false, through, Optional.empty(), patience, patience,
                patience, patience, 1, Optional.empty());
    }

    private Wire connect(Endpoint.Smtp endpoint) throws IOException {
        try {
            return Wire.connect(endpoint, egress, endpoint.security() == Endpoint.Security.TLS
                    ? Optional.of(new TlsContexts().of(NOBODY, endpoint, egress))
                    : Optional.empty(), new Dialogue(false));
        } catch (RefusedException e) {
            throw switch (e.verdict().step()) {
                case Step.Timeout -> new SlowAnswerException(e);
                case Step.NameResolution -> new UnknownHostException(endpoint.host());
                case Step.Certificate -> new SSLException(message(e), e);
                default -> switch (e.getCause()) {
                    case EgressPolicy.RefusedAddressException refused -> refused;
                    case ProxyTunnel.RefusedByProxyException _ -> new ProxyTunnel.RefusedByProxyException(message(e));
                    case null, default -> new SocketException(message(e));
                };
            };
        }
    }

    private static String message(RefusedException failure) {
        return failure.verdict().message().replaceFirst("^[A-Za-z]+: ", "").replaceFirst("; check .*", "");
    }

    /** A failure for people: that it was refused, that it timed out, or that it is not valid, and nothing of an answer. */
    static String reason(IOException failure) {
        return switch (failure) {
            case EgressPolicy.RefusedAddressException refused -> String.valueOf(refused.getMessage());
            case UnknownHostException _ -> "the name of its host has no address";
            case SlowAnswerException _ -> "it timed out";
            case ProxyTunnel.RefusedByProxyException refused -> String.valueOf(refused.getMessage());
            case SocketException _ -> "the connection was refused, or it broke";
            case SSLException tls -> CertificateRefusedException.in(tls)
                    .map(why -> "its certificate is refused: " + why)
                    .orElse("no encrypted connection: " + tls.getMessage());
            default -> "the answer is not valid";
        };
    }
}
