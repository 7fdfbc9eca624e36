package dev.postrider.relay.telemetry;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Where traces go: one for each message, from its acceptance to its delivery. Safe for many threads. */
public interface Tracing extends AutoCloseable {
    /** Nowhere. */
    Tracing OFF = new Tracing() {
        @Override
        public Acceptance accept(ResourceKey organization, String id, Optional<String> parent) {
            return new Untraced(parent);
        }

        @Override
        public void attempted(QueuedMessage message, ResourceKey server, Instant start, Duration duration,
                Map<String, Verdict> verdicts) {
            // Nobody wants to know.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    };

    /**
     * To a collector.
     *
     * @param endpoint base URL of OTLP over HTTP, as in {@code OTEL_EXPORTER_OTLP_ENDPOINT}; without it nowhere
     */
    static Tracing to(Optional<URI> endpoint) {
        return endpoint.isPresent() ? OpenTelemetryTracing.to(endpoint.get()) : OFF;
    }

    /** A message on its way into the queue; ends when it is closed. */
    interface Acceptance extends AutoCloseable {

        /** What the message carries on (W3C Trace Context, traceparent). */
        Optional<String> traceParent();

        /** It is in the queue. */
        void committed(long octets);

        @Override
        void close();
    }

    /** A message of which no trace is kept; what it brought goes on with it. */
    record Untraced(Optional<String> traceParent) implements Acceptance {
        @Override
        public void committed(long octets) {
            // Nobody wants to know.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /**
     * A message is taken in.
     *
     * @param parent the traceparent that came with it
     */
    Acceptance accept(ResourceKey organization, String id, Optional<String> parent);

    /**
     * An attempt was made.
     *
     * @param verdicts by recipient; empty if the attempt ended without any
     */
    void attempted(QueuedMessage message, ResourceKey server, Instant start, Duration duration,
            Map<String, Verdict> verdicts);

    /** Sends what is left and ends. */
    @Override
    void close();
}
