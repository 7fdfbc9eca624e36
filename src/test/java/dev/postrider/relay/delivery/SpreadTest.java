package dev.postrider.relay.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.CountingSmtpServer.Mode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** One organization, three real servers that take 2, 4 and 6 connections. */
@Tag("relay")
final class SpreadTest {
    private static final int MESSAGES = Integer.getInteger("postrider.flood", 5_000) / 8;
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final CountingSmtpServer small = server();
    private final CountingSmtpServer medium = server();
    private final CountingSmtpServer large = server();
    private RunningDelivery running;

    private static CountingSmtpServer server() {
        return CountingSmtpServer.start(Duration.ofMillis(4), recipient -> {});
    }

    @BeforeEach
    void start() throws Exception {
        running = new RunningDelivery(directory);
        running.server("small", small.port(), false, true, 2);
        running.server("medium", medium.port(), false, true, 4);
        running.server("large", large.port(), false, true, 6);
        running.organization("orders", "small", "medium", "large");
        running.delivery().start();
    }

    @AfterEach
    void stop() {
        running.close();
        small.close();
        medium.close();
        large.close();
    }

    private void assertWithinLimits() {
        assertThat(small.mostOpen()).isLessThanOrEqualTo(2);
        assertThat(medium.mostOpen()).isLessThanOrEqualTo(4);
        assertThat(large.mostOpen()).isLessThanOrEqualTo(6);
    }

    private String shares() {
        return "small %d, medium %d, large %d".formatted(small.messages(), medium.messages(), large.messages());
    }

    @Test
    void sharesMailByTheServersLimits(TestReporter reporter) throws Exception {
        running.submit("orders", MESSAGES);
        running.awaitEmpty("orders", LONG);
        reporter.publishEntry("shares of " + MESSAGES, shares());
        assertThat(small.messages() + medium.messages() + large.messages()).isEqualTo(MESSAGES);
        assertThat((double) small.messages() / MESSAGES).isBetween(0.10, 0.24);
        assertThat((double) medium.messages() / MESSAGES).isBetween(0.25, 0.42);
        assertThat((double) large.messages() / MESSAGES).isBetween(0.40, 0.62);
        assertWithinLimits();
    }

    @Test
    void theOthersTakeItWhenOneHangsAndOneRefuses(TestReporter reporter) throws Exception {
        small.mode(Mode.HANG);
        medium.mode(Mode.REFUSE);
        running.submit("orders", MESSAGES);
        running.awaitEmpty("orders", LONG);
        reporter.publishEntry("shares of " + MESSAGES, shares());
        assertThat(large.messages()).isEqualTo(MESSAGES);
        // Three failures in a row, and what was under way by then.
        assertThat(medium.connections()).isBetween(1, 3 + 4);
        assertThat(small.connections()).isBetween(1, 3 + 2);
        assertWithinLimits();
    }

    @Test
    void aServerSwitchedOffMidStreamGetsNothingMore(TestReporter reporter) throws Exception {
        var submitting = Thread.ofVirtual().start(() -> {
            try {
                running.submit("orders", MESSAGES);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> large.messages() > MESSAGES / 10);
        running.server("large", large.port(), false, false, 6);
        // Its connections are idle by then, and closed.
        await().until(() -> large.open() == 0);
        long before = large.messages();
        assertThat(before).isLessThan(MESSAGES);
        submitting.join();
        running.awaitEmpty("orders", LONG);
        reporter.publishEntry("shares of " + MESSAGES, shares());
        assertThat(large.messages()).isEqualTo(before);
        assertThat(small.messages() + medium.messages() + large.messages()).isEqualTo(MESSAGES);
        assertWithinLimits();
    }
}
