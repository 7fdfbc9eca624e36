package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.CountingSmtpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mail that people wait for, behind much that nobody does; the server takes one message at a time. */
@Tag("relay")
@Tag("delivery-world")
final class UrgentMailTest {
    private static final int NEWSLETTERS = 300;
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final List<String> taken = new CopyOnWriteArrayList<>();
    private final CountingSmtpServer server = CountingSmtpServer.start(Duration.ofMillis(4), taken::add);
    private RunningDelivery running;

    @BeforeEach
    void start() throws Exception {
        running = new RunningDelivery(directory);
        running.server("mx", server.port(), true, true, 1);
        running.organization("orders", "mx");
    }

    @AfterEach
    void stop() {
        running.close();
        server.close();
    }

    private int placeOf(String recipient) {
        await().atMost(LONG).until(() -> taken.stream().anyMatch(address -> address.contains(recipient)));
        return (int) taken.stream().takeWhile(address -> !address.contains(recipient)).count();
    }

    @Test
    void overtakesWhatIsInTheQueueWhenTheRelayStarts() throws Exception {
        running.submit("orders", NEWSLETTERS);
        running.submit(key("orders"), "alert@y.example", MailClass.ALERTS);
        running.submit(key("orders"), "recovery@y.example", MailClass.PASSWORD_RECOVERY);
        running.delivery().start();
        // What was read before has its turn first.
        assertThat(placeOf("recovery@")).isLessThan(10);
        assertThat(placeOf("alert@")).isLessThan(12);
    }

    @Test
    void overtakesWhatWaitsWhenItComes() throws Exception {
        running.submit("orders", NEWSLETTERS);
        running.delivery().start();
        await().until(() -> taken.size() > 10);
        running.submit(key("orders"), "recovery@y.example", MailClass.PASSWORD_RECOVERY);
        int before = taken.size();
        assertThat(placeOf("recovery@")).isLessThan(before + 10);
        assertThat(taken).hasSizeLessThan(NEWSLETTERS);
    }

    /** So many that they are read from the queue, as the newsletters are. */
    @Test
    void leavesOthersOfItsOrganizationAPart() throws Exception {
        running.submit("orders", 40);
        for (int i = 0; i < 150; i++) {
            running.submit(key("orders"), "recovery-" + i + "@y.example", MailClass.PASSWORD_RECOVERY);
        }
        running.delivery().start();
        await().atMost(LONG).until(() -> taken.size() >= 100);
        // Every fifth, but for the first ones that are read.
        assertThat(taken.stream().limit(100).filter(address -> address.contains("recovery"))).hasSizeBetween(70, 82);
    }

    @Test
    void overtakesNobodyElsesMail() throws Exception {
        var other = new ResourceKey("other", "mail");
        running.organization(other);
        for (int i = 0; i < 60; i++) {
            running.submit(key("orders"), "recovery-" + i + "@y.example", MailClass.PASSWORD_RECOVERY);
            running.submit(other, "theirs-" + i + "@y.example");
        }
        running.delivery().start();
        await().atMost(LONG).until(() -> taken.size() >= 60);
        assertThat(taken.stream().limit(60).filter(address -> address.contains("theirs"))).hasSizeBetween(25, 35);
    }
}
