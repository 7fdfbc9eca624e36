package dev.postrider.transport;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * What connections of a server are made by: where they may go, and HTTP requests that go nowhere else. A host is
 * resolved where the connection is made, by the policy, with each redirect anew. An answer has a time in which it must
 * be complete, however slowly it comes, and is read as it comes: nothing here holds it.
 */
final class Egress {
    private static final int MOST_REDIRECTS = 3;
    private static final int MOST_CONNECTIONS = 1000;

    private final EgressPolicy policy;
    private @Nullable CloseableHttpClient client;

    Egress(EgressPolicy policy) {
        this.policy = policy;
    }

    EgressPolicy policy() {
        return policy;
    }

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

    /**
     * GET; up to three redirects are followed.
     *
     * @param time for connecting and the whole answer
     * @throws SlowAnswerException                     if that was not enough
     * @throws EgressPolicy.RefusedAddressException if the policy forbids the address
     * @throws IOException                             if there is no answer, or it cannot be read
     */
    <T> T get(URI url, Duration time, Reading<T> reading) throws IOException {
        return perform(new HttpGet(url), time, reading);
    }

    /** POST; redirects are answers. As {@link #get} otherwise. */
    <T> T post(URI url, Map<String, String> headers, byte[] content, Duration time, Reading<T> reading)
            throws IOException {
        HttpPost request = new HttpPost(url);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(content, ContentType.parse(headers.get("Content-Type"))));
        request.setConfig(config(time).setRedirectsEnabled(false).build());
        return perform(request, time, reading);
    }

    private <T> T perform(HttpUriRequestBase request, Duration time, Reading<T> reading) throws IOException {
        if (request.getConfig() == null) {
            request.setConfig(config(time).setMaxRedirects(MOST_REDIRECTS).build());
        }
        Thread asking = Thread.currentThread();
        Future<?> deadline = Deadline.later(time, request::cancel);
        try (ClassicHttpResponse response = http().executeOpen(null, request, null)) {
            InputStream body = response.getEntity() == null
                    ? InputStream.nullInputStream()
                    : response.getEntity().getContent();
            return reading.read(response.getCode(), body);
        } catch (SocketTimeoutException e) {
            throw new SlowAnswerException(e);
        } catch (IOException e) {
            if (request.isCancelled() && !asking.isInterrupted()) {
                throw new SlowAnswerException(e);
            }
            throw e;
        } finally {
            deadline.cancel(false);
        }
    }

    /** A failure for people: that it was refused, that it timed out, or that it is not valid, and nothing of an answer. */
    static String reason(IOException failure) {
        return switch (failure) {
            case EgressPolicy.RefusedAddressException refused -> String.valueOf(refused.getMessage());
            case UnknownHostException _ -> "the name of its host has no address";
            case SlowAnswerException _ -> "it timed out";
            case SocketException _ -> "the connection was refused, or it broke";
            case SSLException tls -> "no encrypted connection: " + tls.getMessage();
            default -> "the answer is not valid";
        };
    }

    private static RequestConfig.Builder config(Duration time) {
        return RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(time))
                .setResponseTimeout(Timeout.of(time));
    }

    /** Made when it is first needed: few servers need it. */
    private synchronized CloseableHttpClient http() {
        if (client == null) {
            client = HttpClients.custom()
                    .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                            .setDnsResolver(new Permitted(policy))
                            .setMaxConnTotal(MOST_CONNECTIONS)
                            .setMaxConnPerRoute(MOST_CONNECTIONS)
                            .setDefaultConnectionConfig(ConnectionConfig.custom()
                                    .setConnectTimeout(Timeout.ofSeconds(15))
                                    .build())
                            .build())
                    .setConnectionReuseStrategy((_, _, _) -> false)
                    .setUserAgent("Postrider")
                    .disableAutomaticRetries()
                    .disableCookieManagement()
                    .disableAuthCaching()
                    .disableContentCompression()
                    .build();
        }
        return client;
    }

    private record Permitted(EgressPolicy policy) implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            // A URL has brackets around IPv6.
            return policy.permitted(List.of(InetAddress.getAllByName(host.replaceAll("^\\[|\\]$", ""))))
                    .toArray(InetAddress[]::new);
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }
}
