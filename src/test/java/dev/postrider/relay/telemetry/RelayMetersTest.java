package dev.postrider.relay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.telemetry.RelayMeters.Outcome;
import dev.postrider.route.ResourceKey;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("relay")
final class RelayMetersTest {
    private static final int NAMED = 10;
    private static final Envelope ENVELOPE = new Envelope("", List.of("x@y.example"), false, false);
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

    @TempDir
    Path directory;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final RelayMeters meters = new RelayMeters(registry, NAMED, () -> now);
    private SqlQueue queue;

    @BeforeEach
    void open() throws Exception {
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> now);
    }

    @AfterEach
    void close() {
        queue.close();
    }

    private List<String> scrape() {
        meters.refresh(queue);
        return registry.scrape().lines().filter(line -> !line.startsWith("#")).toList();
    }

    private static ResourceKey key(String name) {
        return TestRoutes.key(name);
    }

    @Test
    void everythingIsCountedByOrganizationServerAndOutcome() {
        Instant received = now.minusSeconds(3);
        meters.accepted(key("orders"), 1_000);
        meters.refused(Optional.of(key("orders")), "data");
        meters.refused(Optional.empty(), "connection");
        for (Outcome outcome : Outcome.values()) {
            meters.recipient(key("orders"), key("mx"), outcome, received);
        }
        meters.committed(7);
        meters.rests(key("mx"), now.plusSeconds(1));

        assertThat(scrape()).contains("postrider_accepted_total{organization=\"shop/orders\"} 1.0",
                "postrider_accepted_bytes_total{organization=\"shop/orders\"} 1000.0",
                "postrider_refused_total{at=\"data\",organization=\"shop/orders\"} 1.0",
                "postrider_refused_total{at=\"connection\",organization=\"none\"} 1.0",
                "postrider_recipients_total{organization=\"shop/orders\",outcome=\"delivered\",server=\"shop/mx\"} 1.0",
                "postrider_recipients_total{organization=\"shop/orders\",outcome=\"deferred\",server=\"shop/mx\"} 1.0",
                "postrider_recipients_total{organization=\"shop/orders\",outcome=\"bounced\",server=\"shop/mx\"} 1.0",
                "postrider_recipients_total{organization=\"shop/orders\",outcome=\"expired\",server=\"shop/mx\"} 1.0",
                "postrider_delivery_seconds_bucket{organization=\"shop/orders\",le=\"1.0\"} 0",
                "postrider_delivery_seconds_bucket{organization=\"shop/orders\",le=\"5.0\"} 1",
                "postrider_delivery_seconds_sum{organization=\"shop/orders\"} 3.0",
                "postrider_commit_steps_bucket{le=\"4.0\"} 0", "postrider_commit_steps_bucket{le=\"8.0\"} 1",
                "postrider_server_resting{server=\"shop/mx\"} 1.0");
        now = now.plusSeconds(1);
        assertThat(scrape()).contains("postrider_server_resting{server=\"shop/mx\"} 0.0");
    }

    @Test
    void connectionsAndAttemptsAreCountedByServer() throws Exception {
        meters.recipient(key("orders"), key("mx"), Outcome.DELIVERED, now);
        var upstreams = new RecordingUpstreams();
        try (var upstream = new MeteredUpstreams(upstreams, meters).to(TestRoutes.server("mx", true, true, 1))) {
            upstream.send(ENVELOPE, EMPTY);
            assertThat(scrape()).contains("postrider_connections{server=\"shop/mx\"} 1.0",
                    "postrider_attempt_seconds_count{outcome=\"delivered\",server=\"shop/mx\"} 1");
            upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
            upstream.send(ENVELOPE, EMPTY);
            assertThat(scrape()).contains("postrider_connections{server=\"shop/mx\"} 0.0",
                    "postrider_attempt_seconds_count{outcome=\"deferred\",server=\"shop/mx\"} 1");
        }
    }

    @Test
    void theQueueIsMeasuredByOrganization() throws Exception {
        meters.accepted(key("orders"), 5);
        for (String organization : List.of("orders", "orders", "unnamed")) {
            try (Draft draft = queue.draft(key(organization))) {
                draft.content().write(new byte[5]);
                draft.commit(NewMessage.plain("", List.of("x@y.example"), false, false, now));
            }
            now = now.plusSeconds(10);
        }
        meters.look(queue);

        assertThat(scrape()).contains("postrider_queue_messages{organization=\"shop/orders\"} 2.0",
                "postrider_queue_bytes{organization=\"shop/orders\"} 10.0",
                "postrider_queue_oldest_seconds{organization=\"shop/orders\"} 30.0",
                "postrider_queue_messages{organization=\"other\"} 1.0",
                "postrider_queue_oldest_seconds{organization=\"other\"} 10.0");
    }

    @Test
    void tenThousandOrganizationsAndServersMakeFewSeries() throws Exception {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 10_000; i++) {
                // Others are the busiest in each round.
                for (int repeat = 0; repeat < (i / 10 == round ? 20 : 1); repeat++) {
                    meters.accepted(key("o" + i), 1);
                    meters.recipient(key("o" + i), key("s" + i), Outcome.DELIVERED, now);
                    meters.attempt(key("s" + i), Outcome.DELIVERED, java.time.Duration.ZERO);
                    meters.connection(key("s" + i), 1);
                }
            }
            meters.look(queue);
            assertThat(values("organization")).hasSizeLessThanOrEqualTo(NAMED + 2);
            assertThat(values("server")).hasSizeLessThanOrEqualTo(NAMED + 1);
            assertThat(scrape()).hasSizeLessThan(60 * NAMED);
        }
        meters.accepted(key("o20"), 1);
        meters.accepted(key("o29"), 1);
        assertThat(values("organization")).as("busiest of the last round").contains("shop/o20", "shop/o29", "other");
    }

    private List<String> values(String label) {
        return scrape().stream()
                .filter(line -> line.contains(label + "=\""))
                .map(line -> line.replaceAll(".*" + label + "=\"([^\"]*)\".*", "$1"))
                .distinct()
                .collect(Collectors.toList());
    }
}
