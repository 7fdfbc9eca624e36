package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Preference;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Unit;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.CountingSmtpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that take only so much in a time, real ones on this machine, by the real clock. */
@Tag("delivery-world")
final class RatesTest {
    private static final int FLOOD = Integer.getInteger("postrider.flood", 5_000);

    private record Arrival(String recipient, long time) {}

    @TempDir
    Path directory;

    private final List<Arrival> limited = new CopyOnWriteArrayList<>();
    private final List<Arrival> others = new CopyOnWriteArrayList<>();
    private CountingSmtpServer server;
    private CountingSmtpServer other;
    private RunningDelivery running;

    @BeforeEach
    void start() throws Exception {
        server = CountingSmtpServer.start(Duration.ZERO, to -> limited.add(new Arrival(to, System.nanoTime())));
        other = CountingSmtpServer.start(Duration.ZERO, to -> others.add(new Arrival(to, System.nanoTime())));
        running = new RunningDelivery(directory);
        running.organization("flood");
        running.organization("apart", "own", "spare");
        running.server("spare", other.port(), false, true, 5);
    }

    @AfterEach
    void stop() {
        running.close();
        server.close();
        other.close();
    }

    private void limit(String name, boolean global, RateLimits limits) {
        running.server(new ServerRoute(key(name), global, true,
                new Endpoint.Smtp("127.0.0.1", server.port(), Endpoint.Security.NONE, Optional.empty(),
                        Duration.ofSeconds(2), Duration.ofSeconds(2), 20, Optional.empty()))
                .limited(Optional.of(limits)));
    }

    private static RateLimits perSecond(int most) {
        return new RateLimits(Optional.of(most), Optional.empty(), Optional.empty(), Optional.empty(), Unit.MESSAGES);
    }

    private static RateLimits perDay(int most, Unit unit) {
        return new RateLimits(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(most), unit);
    }

    private static boolean came(List<Arrival> arrivals, String recipient) {
        return arrivals.stream().anyMatch(arrival -> arrival.recipient.equals(recipient));
    }

    @Test
    void aFloodTakesNotAllTheRateOfAServerThatIsEverybodys() throws Exception {
        limit("shared", true, perSecond(10));
        running.submit("flood", FLOOD);
        running.delivery().start();
        await().until(() -> limited.size() >= 3);
        var victim = new ResourceKey("victim", "small");
        running.organization(victim);
        long start = System.nanoTime();
        running.submit(victim, "next@y.example");
        await().atMost(Duration.ofSeconds(2)).until(() -> came(limited, "next@y.example"));
        int between = (int) limited.stream().filter(arrival -> arrival.time > start).count();
        assertThat(between).describedAs("mails before the victim's").isLessThan(6);

        await().atMost(Duration.ofSeconds(10)).until(() -> limited.size() >= 25);
        List<Long> times = limited.stream().map(Arrival::time).sorted().toList();
        // What the way to the server takes differs from mail to mail.
        for (int i = 10; i < times.size(); i++) {
            assertThat(times.get(i) - times.get(i - 10)).isGreaterThan(Duration.ofMillis(850).toNanos());
        }
        assertThat(running.reason(key("flood")))
                .isEqualTo("waits for the rate of server shop/shared: 10 messages a second");
    }

    @Test
    void aFloodTakesNotAllTheDayOfAServerThatIsEverybodys() throws Exception {
        limit("shared", true, perDay(100, Unit.MESSAGES));
        var later = new ResourceKey("victim", "small");
        running.organization(later);
        running.submit("flood", 200);
        running.delivery().start();
        await().until(() -> running.reason(key("flood"))
                .equals("namespace shop has its share of the rate of server shop/shared: 100 messages a day"));
        await().until(() -> limited.size() == 75);
        assertThat(running.delivery().inMemory()).isZero();
        running.submit(later, "next@y.example");
        await().atMost(Duration.ofSeconds(5)).until(() -> came(limited, "next@y.example"));
        limit("shared", true, perDay(400, Unit.MESSAGES));
        running.awaitEmpty("flood", Duration.ofSeconds(10));
        assertThat(limited).hasSize(201);
    }

    @Test
    void whoHasItsShareOfAServerGoesOnThroughABackup() throws Exception {
        limit("shared", true, perDay(20, Unit.MESSAGES));
        running.server(new ServerRoute(key("second"), true, true,
                new Endpoint.Smtp("127.0.0.1", other.port(), Endpoint.Security.NONE, Optional.empty(),
                        Duration.ofSeconds(2), Duration.ofSeconds(2), 20, Optional.empty()))
                .preferred(new Preference(10, 1)));
        running.organization(new ResourceKey("victim", "small"));
        running.submit("flood", 60);
        running.delivery().start();
        running.awaitEmpty("flood", Duration.ofSeconds(10));
        assertThat(limited).hasSize(15);
        assertThat(others).hasSize(45);
    }

    @Test
    void aHundredOrganizationsOfOneServerComeInTurn() throws Exception {
        limit("shared", true, perSecond(100));
        for (int i = 0; i < 100; i++) {
            var organization = new ResourceKey("team-" + i, "mail");
            running.organization(organization);
            for (int message = 0; message < 3; message++) {
                running.submit(organization, organization.namespace() + "@y.example");
            }
        }
        running.delivery().start();
        await().atMost(Duration.ofSeconds(10)).until(() -> limited.size() >= 200);
        assertThat(limited.stream().limit(200).map(Arrival::recipient).distinct()).hasSize(100);
    }

    @Test
    void whatIsOverTheRateGoesToAnotherServer() throws Exception {
        limit("own", false, perDay(3, Unit.MESSAGES));
        running.submit("apart", 50);
        running.delivery().start();
        running.awaitEmpty("apart", Duration.ofSeconds(10));
        assertThat(limited).hasSizeLessThanOrEqualTo(3);
        assertThat(limited.size() + others.size()).isEqualTo(50);
    }

    @Test
    void aServerThatHasHadItsDaySaysSoAndGoesOnWhereTheLimitIsRaisedOrRemoved() throws Exception {
        limit("shared", true, perDay(3, Unit.MESSAGES));
        running.submit("flood", 20);
        running.delivery().start();
        await().until(() -> limited.size() == 3);
        await().until(() -> running.reason(key("flood"))
                .equals("waits for the rate of server shop/shared: 3 messages a day"));
        assertThat(running.delivery().inMemory()).isZero();
        assertThat(running.delivery().rests()).singleElement().satisfies(rest -> {
            assertThat(rest.server()).isEqualTo(key("shared"));
            assertThat(rest.since()).isBetween(Instant.now().minusSeconds(60), Instant.now());
            assertThat(rest.why()).matches("until [-0-9]{10}T[:0-9]{8}Z: 3 messages a day");
            assertThat(rest.overRate()).isTrue();
        });
        limit("shared", true, perDay(8, Unit.MESSAGES));
        await().until(() -> limited.size() == 8);
        running.server("shared", server.port(), true, true, 20);
        await().until(() -> running.delivery().rests().isEmpty());
        running.awaitEmpty("flood", Duration.ofSeconds(10));
        assertThat(limited).hasSize(20);
    }
}
