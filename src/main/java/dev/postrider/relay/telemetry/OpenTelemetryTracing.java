package dev.postrider.relay.telemetry;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Traces to a collector by OTLP over HTTP. Its classes are loaded where there is one. Names no address. */
final class OpenTelemetryTracing implements Tracing {
    private static final String TRACE_PARENT = "traceparent";
    private static final AttributeKey<String> ID = AttributeKey.stringKey("postrider.queue.id");
    private static final AttributeKey<String> ORGANIZATION = AttributeKey.stringKey("postrider.organization");
    private static final AttributeKey<String> SERVER = AttributeKey.stringKey("postrider.server");
    private static final AttributeKey<Long> SIZE = AttributeKey.longKey("postrider.message.size");
    private static final AttributeKey<Long> RECIPIENTS = AttributeKey.longKey("postrider.recipients");
    private static final AttributeKey<Long> TAKEN = AttributeKey.longKey("postrider.recipients.delivered");
    private static final Duration STOP = Duration.ofSeconds(3);

    private final SdkTracerProvider provider;
    private final Tracer tracer;

    private OpenTelemetryTracing(SdkTracerProvider provider) {
        this.provider = provider;
        this.tracer = provider.get("dev.postrider.relay");
    }

    static OpenTelemetryTracing to(URI endpoint) {
        String base = endpoint.toString();
        var exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(base + (base.endsWith("/") ? "" : "/") + "v1/traces")
                .build();
        return new OpenTelemetryTracing(SdkTracerProvider.builder()
                .setResource(Resource.getDefault()
                        .merge(Resource.create(
                                Attributes.of(AttributeKey.stringKey("service.name"), "postrider-relay"))))
                .addSpanProcessor(
                        BatchSpanProcessor.builder(exporter).setScheduleDelay(Duration.ofSeconds(1)).build())
                .build());
    }

    /** The span that a traceparent names; none if that is not one. */
    private static Context context(Optional<String> parent) {
        return parent.map(text -> W3CTraceContextPropagator.getInstance()
                .extract(Context.root(), Map.of(TRACE_PARENT, text), new Carrier())).orElseGet(Context::root);
    }

    @Override
    public Acceptance accept(ResourceKey organization, String id, Optional<String> parent) {
        return new Accepted(tracer.spanBuilder("accept")
                .setParent(context(parent))
                .setSpanKind(SpanKind.SERVER)
                .setAttribute(ID, id)
                .setAttribute(ORGANIZATION, organization.toString())
                .startSpan());
    }

    @Override
    public void attempted(QueuedMessage message, ResourceKey server, Instant start, Duration duration,
            Map<String, Verdict> verdicts) {
        long taken = verdicts.values().stream().filter(Verdict.Accepted.class::isInstance).count();
        Span span = tracer.spanBuilder("attempt")
                .setParent(context(message.traceParent()))
                .setSpanKind(SpanKind.CLIENT)
                .setStartTimestamp(start)
                .setAttribute(ID, message.id())
                .setAttribute(ORGANIZATION, message.organization().toString())
                .setAttribute(SERVER, server.toString())
                .setAttribute(RECIPIENTS, (long) verdicts.size())
                .setAttribute(TAKEN, taken)
                .startSpan();
        if (taken < verdicts.size() || verdicts.isEmpty()) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end(start.plus(duration));
    }

    @Override
    public void close() {
        provider.shutdown().join(STOP.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static final class Accepted implements Acceptance {
        private final Span span;
        private boolean committed;

        Accepted(Span span) {
            this.span = span;
        }

        @Override
        public Optional<String> traceParent() {
            Map<String, String> carrier = new HashMap<>();
            W3CTraceContextPropagator.getInstance()
                    .inject(Context.root().with(span), carrier, (map, key, value) -> carrier.put(key, value));
            return Optional.ofNullable(carrier.get(TRACE_PARENT));
        }

        @Override
        public void committed(long octets) {
            span.setAttribute(SIZE, octets);
            committed = true;
        }

        @Override
        public void close() {
            if (!committed) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end();
        }
    }

    private static final class Carrier implements TextMapGetter<Map<String, String>> {
        @Override
        public Iterable<String> keys(Map<String, String> carrier) {
            return carrier.keySet();
        }

        @Override
        public @Nullable String get(@Nullable Map<String, String> carrier, String key) {
            return carrier == null ? null : carrier.get(key);
        }
    }
}
