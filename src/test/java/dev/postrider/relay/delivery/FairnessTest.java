package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.ResourceKey;
import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.CountingSmtpServer.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** How long one organization's next message takes while another has a flood of them queued. */
@Tag("relay")
final class FairnessTest {
    /** 5,000 in the ordinary run, 100,000 with the profile long. */
    private static final int FLOOD = Integer.getInteger("postrider.flood", 5_000);
    private static final Duration BOUND = Duration.ofSeconds(1);
    private static final int PROBES = 5;

    @TempDir
    Path directory;

    private final Map<String, Long> arrivals = new ConcurrentHashMap<>();

    @SuppressWarnings("NullAway.Init") // Each test calls start.
    private CountingSmtpServer shared;
    @SuppressWarnings("NullAway.Init") // Each test calls start.
    private CountingSmtpServer other;
    @SuppressWarnings("NullAway.Init") // Each test calls start.
    private RunningDelivery running;

    private void start(Duration time, int connections) throws Exception {
        shared = CountingSmtpServer.start(time, this::note);
        other = CountingSmtpServer.start(Duration.ZERO, this::note);
        running = new RunningDelivery(directory);
        running.server("shared", shared.port(), true, true, connections);
        running.server("other", other.port(), false, true, 2);
        running.organization("flood");
        running.organization("small");
        running.organization("apart", "other");
    }

    @AfterEach
    void stop() {
        running.close();
        shared.close();
        other.close();
    }

    private void note(String recipient) {
        arrivals.putIfAbsent(recipient, System.nanoTime());
    }

    /** The longest that one of several messages took, each sent when the last had come. */
    private Duration longest(String organization) throws Exception {
        Duration longest = Duration.ZERO;
        for (int i = 0; i < PROBES; i++) {
            String recipient = "next-" + organization + i + "@y.example";
            long start = System.nanoTime();
            running.submit(organization, recipient);
            await().pollInterval(Duration.ofMillis(5)).until(() -> arrivals.containsKey(recipient));
            Duration took = Duration.ofNanos(arrivals.getOrDefault(recipient, Long.MAX_VALUE) - start);
            longest = took.compareTo(longest) > 0 ? took : longest;
        }
        return longest;
    }

    private void assertSoon(TestReporter reporter, String organization) throws Exception {
        Duration longest = longest(organization);
        reporter.publishEntry(organization + " beside " + FLOOD + " queued", longest.toMillis() + " ms at most");
        assertThat(longest).isLessThan(BOUND);
        assertThat(running.queue().usage(key("flood")).messages()).isPositive();
    }

    @Test
    void aFloodAtASharedServerWithFewConnections(TestReporter reporter) throws Exception {
        start(Duration.ofMillis(20), 2);
        running.submit("flood", FLOOD);
        running.delivery().start();
        assertSoon(reporter, "small");
        assertSoon(reporter, "apart");
        assertThat(shared.mostOpen()).isLessThanOrEqualTo(2);
    }

    @Test
    void aSlowServerThatTakesOneConnection(TestReporter reporter) throws Exception {
        start(Duration.ofMillis(250), 1);
        running.submit("flood", FLOOD);
        running.delivery().start();
        assertSoon(reporter, "small");
        assertSoon(reporter, "apart");
        assertThat(shared.mostOpen()).isEqualTo(1);
    }

    @Test
    void aFloodThatComesInWhileOthersSend(TestReporter reporter) throws Exception {
        start(Duration.ofMillis(20), 2);
        running.delivery().start();
        running.submit("flood", FLOOD);
        assertSoon(reporter, "small");
        assertSoon(reporter, "apart");
    }

    @Test
    @Tag("isolation")
    void aNamespaceOfManyOrganizationsHasOneTurn(TestReporter reporter) throws Exception {
        start(Duration.ofMillis(100), 1);
        for (int i = 0; i < 200; i++) {
            ResourceKey evil = new ResourceKey("evil", "organization-" + i);
            running.organization(evil);
            running.submit(evil, "flood-" + i + "@y.example");
        }
        running.submit("flood", 1);
        running.delivery().start();
        Duration longest = longest("small");
        reporter.publishEntry("small beside 200 organizations", longest.toMillis() + " ms at most");
        assertThat(longest).isLessThan(BOUND);
    }

    @Test
    @Tag("isolation")
    void aNamespaceWhoseMailTakesLongLeavesPlaces(TestReporter reporter) throws Exception {
        start(Duration.ZERO, 4);
        shared.tarpit(recipient -> recipient.startsWith("tarpit") ? Duration.ofSeconds(60) : Duration.ZERO);
        ResourceKey evil = new ResourceKey("evil", "slow");
        running.organization(evil);
        running.delivery().start();
        for (int i = 0; i < 20; i++) {
            running.submit(evil, "tarpit-" + i + "@y.example");
        }
        await().until(() -> shared.open() == 3);
        Duration longest = longest("small");
        reporter.publishEntry("small beside mail that takes a minute", longest.toMillis() + " ms at most");
        assertThat(longest).isLessThan(BOUND);
        assertThat(shared.mostOpen()).isEqualTo(4);
        assertThat(running.reason(evil)).contains(
                "namespace evil has its share of the connections to server shop/shared (maxConnections: 4)");
    }

    @Test
    void aServerThatHangs(TestReporter reporter) throws Exception {
        start(Duration.ZERO, 5);
        shared.mode(Mode.HANG);
        running.submit("flood", FLOOD);
        running.delivery().start();
        assertSoon(reporter, "apart");
    }

    @Test
    void aServerThatRefuses(TestReporter reporter) throws Exception {
        start(Duration.ZERO, 5);
        shared.mode(Mode.REFUSE);
        running.submit("flood", FLOOD);
        running.delivery().start();
        await().until(() -> shared.connections() >= 3);
        assertSoon(reporter, "apart");
        // The rest of the flood waits untried.
        assertThat(shared.connections()).isLessThan(20);
    }
}
