package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.Quota;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.RateLimits.Unit;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much of an organization's mail the relay takes in a time; the clock is played. */
@Tag("delivery-world")
final class QuotasTest {
    @TempDir
    Path directory;

    private volatile Instant now = Instant.parse("2026-11-28T22:59:30Z");
    private RelayOfOne relay;

    @BeforeEach
    void start() throws Exception {
        relay = new RelayOfOne(directory, organization("orders", State.OPEN), () -> now);
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    private static Quota perHour(int most, Unit unit, WhenExceeded whenExceeded) {
        return new Quota(Optional.of(most), Optional.empty(), Optional.empty(), unit, whenExceeded);
    }

    private void limit(Optional<Quota> quota) {
        relay.routes().put(organization("orders", State.OPEN).within(quota));
    }

    private static String send(Dialogue client, String recipient) throws Exception {
        return client.mail("orders@example.com", recipient, "Subject: it\r\n\r\n");
    }

    private Dialogue session() throws Exception {
        var client = relay.session();
        assertThat(client.login("orders.shop", PASSWORD)).startsWith("235");
        return client;
    }

    private void awaitDelivered(int messages) {
        await().untilAsserted(() -> assertThat(relay.server().messages()).hasSize(messages));
    }

    @Test
    void whatIsMoreIsRefusedUntilTheNextHour() throws Exception {
        limit(Optional.of(perHour(3, Unit.MESSAGES, WhenExceeded.REFUSE)));
        try (var client = session()) {
            for (int i = 0; i < 3; i++) {
                assertThat(send(client, "x@y.example")).startsWith("250");
            }
            String refusal = "452 4.7.0 this organization may send 3 messages an hour (spec.limits.perHour); there is room"
                    + " again at 2026-11-28T23:00:00Z";
            assertThat(send(client, "x@y.example")).startsWith(refusal);
            assertThat(client.say("MAIL FROM:<orders@example.com>")).startsWith(refusal);
            now = now.plus(Duration.ofSeconds(30));
            assertThat(send(client, "x@y.example")).startsWith("250");
        }
        awaitDelivered(4);
    }

    @Test
    void whatIsMoreIsHeldAndGoesInLaterHours() throws Exception {
        limit(Optional.of(perHour(2, Unit.MESSAGES, WhenExceeded.HOLD)));
        try (var client = session()) {
            for (int i = 0; i < 5; i++) {
                assertThat(send(client, "x@y.example")).startsWith("250");
            }
        }
        awaitDelivered(2);
        assertThat(relay.relay().queued()).isEqualTo(3);
        now = Instant.parse("2026-11-28T23:00:01Z");
        awaitDelivered(4);
        assertThat(relay.relay().queued()).isOne();
        now = Instant.parse("2026-11-29T00:00:01Z");
        awaitDelivered(5);
    }

    @Test
    void whatIsHeldGoesWhenTheLimitIsRaisedOrRemoved() throws Exception {
        limit(Optional.of(perHour(2, Unit.MESSAGES, WhenExceeded.HOLD)));
        try (var client = session()) {
            for (int i = 0; i < 8; i++) {
                assertThat(send(client, "x@y.example")).startsWith("250");
            }
        }
        awaitDelivered(2);
        limit(Optional.of(perHour(5, Unit.MESSAGES, WhenExceeded.HOLD)));
        awaitDelivered(5);
        assertThat(relay.relay().queued()).isEqualTo(3);
        limit(Optional.empty());
        awaitDelivered(8);
    }

    @Test
    void aMessageToMoreThanTheLimitIsNeverTakenAndCountsForNothing() throws Exception {
        limit(Optional.of(perHour(2, Unit.RECIPIENTS, WhenExceeded.HOLD)));
        try (var client = session()) {
            client.say("MAIL FROM:<orders@example.com>");
            for (int i = 0; i < 3; i++) {
                client.say("RCPT TO:<x" + i + "@y.example>");
            }
            client.say("DATA");
            assertThat(client.say("Subject: it\r\n\r\n."))
                    .startsWith("550 5.7.0 this organization may send 2 recipients"
                            + " an hour (spec.limits.perHour), and this message alone is more; send it to fewer");
            assertThat(send(client, "x@y.example")).startsWith("250");
            assertThat(send(client, "x@y.example")).startsWith("250");
        }
        awaitDelivered(2);
    }

    @Test
    void whatRepeatsAnotherMessageCountsForNothing() throws Exception {
        limit(Optional.of(perHour(2, Unit.MESSAGES, WhenExceeded.REFUSE)));
        try (var client = session()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.mail("orders@example.com", "x@y.example",
                        "Postrider-Idempotency-Key: one\r\nSubject: it\r\n\r\n")).startsWith("250");
            }
            assertThat(send(client, "x@y.example")).startsWith("250");
            assertThat(send(client, "x@y.example")).startsWith("452 4.7.0");
        }
    }

    @Test
    void aRestartBeginsNoNewDayAndWhatWasSentBeforeTheLimitCounts() throws Exception {
        try (var client = session()) {
            assertThat(send(client, "x@y.example")).startsWith("250");
        }
        var perDay = Optional.of(new Quota(Optional.empty(), Optional.of(2), Optional.empty(), Unit.MESSAGES,
                WhenExceeded.REFUSE));
        limit(perDay);
        try (var client = session()) {
            assertThat(send(client, "x@y.example")).startsWith("250");
        }
        relay.close();
        relay = new RelayOfOne(directory, organization("orders", State.OPEN).within(perDay), () -> now);
        try (var client = session()) {
            assertThat(send(client, "x@y.example")).startsWith("452 4.7.0").contains("2026-11-29T00:00:00Z");
        }
    }
}
