package dev.postrider.relay.events;

import dev.postrider.route.TlsSettings;
import dev.postrider.transport.ClientTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Posts events. A name is looked up once for a connection: the addresses that the policy has seen are the ones that are
 * connected to, whatever a name server says a moment later.
 */
final class WebhookClient implements AutoCloseable {
    /** What is read of an answer's body, so that the connection can be used again. */
    private static final int MOST_READ = 4096;
    private static final int MOST_CONNECTIONS = 10_000;
    private static final TimeValue KEPT = TimeValue.ofSeconds(30);
    private static final int MOST_CLIENTS = 100;

    private final WebhookPolicy policy;
    private final WebhookTimes times;
    private final CloseableHttpClient http;
    /** For receivers with TLS of their own: a connection that was checked for one of them is never another's. */
    private final Map<TlsSettings, Declared> declared = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TlsSettings, Declared> eldest) {
            if (size() <= MOST_CLIENTS) {
                return false;
            }
            eldest.getValue().forget();
            return true;
        }
    };

    /** One that is closed once it is forgotten and nobody waits for an answer to it. Guarded by the WebhookClient. */
    private static final class Declared {
        private final CloseableHttpClient http;
        private int users;
        private boolean forgotten;

        Declared(CloseableHttpClient http) {
            this.http = http;
        }

        void forget() {
            forgotten = true;
            closeUnused();
        }

        void leave() {
            users--;
            closeUnused();
        }

        private void closeUnused() {
            if (forgotten && users == 0) {
                http.close(CloseMode.GRACEFUL);
            }
        }
    }

    private final Duration answer;
    private final ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("webhook-deadlines").factory());

    WebhookClient(WebhookPolicy policy, WebhookTimes times) {
        this.policy = policy;
        this.times = times;
        this.answer = times.answer();
        this.deadlines.setRemoveOnCancelPolicy(true);
        this.http = client(connections(Optional.empty())).evictIdleConnections(KEPT).build();
    }

    private synchronized Declared enter(TlsSettings tls) {
        // Threads that look for idle connections would be too many; their connections have an end.
        Declared its = declared.computeIfAbsent(tls,
                _ -> new Declared(client(connections(Optional.of(tls))).build()));
        its.users++;
        return its;
    }

    private synchronized void leave(Declared its) {
        its.leave();
    }

    private PoolingHttpClientConnectionManager connections(Optional<TlsSettings> tls) {
        var builder = PoolingHttpClientConnectionManagerBuilder.create()
                .setDnsResolver(new CheckedAddresses(policy))
                .setMaxConnTotal(MOST_CONNECTIONS)
                .setMaxConnPerRoute(MOST_CONNECTIONS)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(times.connect()))
                        .setSocketTimeout(Timeout.of(times.answer()))
                        .setTimeToLive(tls.isPresent() ? KEPT : TimeValue.NEG_ONE_MILLISECOND)
                        .setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                        .build());
        tls.map(its -> new ClientTls(its, "spec.events.webhook.tls", times.answer(), policy.addresses()))
                .ifPresent(its -> builder.setTlsSocketStrategy(
                        (socket, host, port, _, _) -> its.encrypt(socket, host.replaceAll("^\\[|\\]$", ""), port)));
        return builder.build();
    }

    private HttpClientBuilder client(PoolingHttpClientConnectionManager connections) {
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(Timeout.of(times.connect()))
                        .setResponseTimeout(Timeout.of(times.answer()))
                        .build())
                .setUserAgent("Postrider")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression();
    }

    private record CheckedAddresses(WebhookPolicy policy) implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            return policy.addresses(host);
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }

    /**
     * Posts a JSON text.
     *
     * @param tls how the receiver is spoken to; empty for with the system's authorities
     * @return the status of the answer; no more than a little of what else it says is read
     * @throws IOException if there was no answer in time, or the policy forbids the address
     */
    int post(URI url, Map<String, String> headers, String content, Optional<TlsSettings> tls)
            throws IOException {
        if (tls.isEmpty()) {
            return post(http, url, headers, content);
        }
        Declared its = enter(tls.get());
        try {
            return post(its.http, url, headers, content);
        } finally {
            leave(its);
        }
    }

    private int post(CloseableHttpClient through, URI url, Map<String, String> headers, String content)
            throws IOException {
        var request = new HttpPost(url);
        headers.forEach(request::setHeader);
        request.setEntity(new StringEntity(content, ContentType.parse("application/cloudevents+json; charset=utf-8")));
        // Timeouts of the socket begin anew with each octet.
        ScheduledFuture<?> deadline = deadlines.schedule(request::cancel, answer.toMillis(), TimeUnit.MILLISECONDS);
        try (ClassicHttpResponse response = through.executeOpen(null, request, null)) {
            int status = response.getCode();
            finish(response.getEntity());
            return status;
        } catch (IOException e) {
            throw request.isCancelled() ? new IOException("no answer within " + answer.toSeconds() + " s", e) : e;
        } finally {
            deadline.cancel(false);
        }
    }

    /** A body that was read to its end leaves the connection for the next; else it is closed with the response. */
    private static void finish(@Nullable HttpEntity body) {
        if (body == null) {
            return;
        }
        try {
            body.getContent().readNBytes(MOST_READ);
        } catch (IOException e) {
            // The status was heard; that is all that counts.
        }
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
        synchronized (this) {
            declared.values().forEach(its -> its.http.close(CloseMode.IMMEDIATE));
        }
    }
}
