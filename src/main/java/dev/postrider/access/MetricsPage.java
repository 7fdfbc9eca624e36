package dev.postrider.access;

import dev.postrider.http.HttpHandler;
import dev.postrider.http.HttpRequest;
import dev.postrider.http.HttpResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code /metrics}, in the text format of Prometheus, for whoever brings a token that may {@code get} that path: the
 * metrics name organizations, servers and licenses of all tenants.
 */
public final class MetricsPage implements HttpHandler {
    /** Where it is. */
    public static final String PATH = "/metrics";

    private final Readers readers;
    private final Supplier<String> metrics;

    /** Who may read metrics. Safe for many threads. */
    @FunctionalInterface
    public interface Readers {
        /**
         * Decides on one request.
         *
         * @throws IOException if that cannot be told now; then nothing is allowed
         */
        Decision decide(String token) throws IOException;
    }

    /**
     * A page for some readers.
     *
     * @param metrics asked only once somebody may read them
     */
    public MetricsPage(Readers readers, Supplier<String> metrics) {
        this.readers = readers;
        this.metrics = metrics;
    }

    @Override
    public HttpResponse answer(HttpRequest request) {
        Optional<String> token = request.bearer();
        if (token.isEmpty()) {
            return unauthorized("a token is needed: Authorization: Bearer <token that may get " + PATH + ">");
        }
        try {
            Decision decision = readers.decide(token.get());
            return switch (decision.outcome()) {
                case ALLOWED -> HttpResponse.of(200, "text/plain; version=0.0.4; charset=utf-8", metrics.get());
                case FORBIDDEN -> HttpResponse.text(403, decision.who() + " may not get " + PATH
                        + ": bind a ClusterRole with nonResourceURLs: [" + PATH + "] and verbs: [get]");
                case UNKNOWN -> unauthorized("the token is not known here, or no longer");
            };
        } catch (IOException e) {
            return HttpResponse.text(503, String.valueOf(e.getMessage()));
        }
    }

    private static HttpResponse unauthorized(String why) {
        // RFC 6750 section 3
        return HttpResponse.text(401, why).with(Map.of("WWW-Authenticate", "Bearer"));
    }
}
