package dev.postrider.relay.telemetry;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.queue.QueuedMessage;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Spans reach a collector over OTLP; a stand-in takes them. */
@Tag("relay")
final class TracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final MessageContent EMPTY = new MessageContent() {
        @Override
        public long size() {
            return 0;
        }

        @Override
        public InputStream open() {
            return InputStream.nullInputStream();
        }
    };

    /** Requests as ISO 8859-1. */
    private final List<String> received = new CopyOnWriteArrayList<>();
    private HttpServer collector;

    @BeforeEach
    void start() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
    }

    @AfterEach
    void stop() {
        collector.stop(0);
    }

    @Test
    void acceptanceAndAttemptAreOneTraceWithWhatTheClientBegan() {
        try (Tracing tracing = Tracing.to(Optional
                .of(URI.create("http://127.0.0.1:" + collector.getAddress().getPort())))) {
            Optional<String> carried;
            try (Tracing.Acceptance acceptance = tracing.accept(key("orders"), "ID",
                    Optional.of("00-" + TRACE + "-00f067aa0ba902b7-01"))) {
                acceptance.committed(5);
                carried = acceptance.traceParent();
            }
            assertThat(carried.orElseThrow()).matches("00-" + TRACE + "-[0-9a-f]{16}-01")
                    .doesNotContain("00f067aa0ba902b7");
            tracing.attempted(
                    new QueuedMessage(key("orders"), "ID", "secret@b.example", false, false, DsnRequest.NONE, carried,
                            Instant.now(), EMPTY, List.of(), 0),
                    key("mx"), Instant.now(), Duration.ofMillis(5),
                    Map.of("x@y.example", RecordingUpstreams.ACCEPTED));
        }
        await().untilAsserted(() -> assertThat(String.join("", received)).contains("accept", "attempt", "shop/orders",
                "shop/mx", "postrider-relay"));
        String all = String.join("", received);
        String trace = new String(HexFormat.of().parseHex(TRACE), StandardCharsets.ISO_8859_1);
        assertThat(all.split(java.util.regex.Pattern.quote(trace), -1)).as("spans of the trace").hasSize(3);
        assertThat(all).doesNotContain("secret", "y.example");
    }

    @Test
    void withoutACollectorWhatCameGoesOn() {
        Tracing tracing = Tracing.to(Optional.empty());
        assertThat(tracing).isSameAs(Tracing.OFF);
        try (Tracing.Acceptance acceptance = tracing.accept(key("orders"), "ID", Optional.of("00-x"))) {
            assertThat(acceptance.traceParent()).contains("00-x");
        }
    }

    @Test
    void aCollectorThatIsGoneHoldsNothingUp() {
        collector.stop(0);
        long start = System.nanoTime();
        try (Tracing tracing = Tracing.to(Optional.of(URI.create("http://127.0.0.1:1")))) {
            for (int i = 0; i < 10_000; i++) {
                tracing.accept(key("orders"), "ID" + i, Optional.empty()).close();
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
}
