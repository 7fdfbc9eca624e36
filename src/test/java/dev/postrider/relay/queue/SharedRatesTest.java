package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.Quota;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Unit;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several relays that send to one server, by the real clock. */
@Tag("delivery-world")
final class SharedRatesTest {
    private static final ResourceKey SERVER = new ResourceKey("shop", "mx");
    private static final int RELAYS = 3;

    @TempDir
    Path directory;

    private PostgresLocation location;

    @BeforeEach
    void makeDatabase() throws Exception {
        location = new PostgresLocation(PostgresServer.shared().url(PostgresServer.shared().newDatabase()),
                Optional.of(PostgresServer.credentials(directory)));
    }

    private SqlQueue open() throws QueueException {
        return SqlQueue.openPostgres(location, QueueLimits.DEFAULT, InstantSource.system());
    }

    private static RateLimits perSecond(int most) {
        return new RateLimits(Optional.of(most), Optional.empty(), Optional.empty(), Optional.empty(), Unit.MESSAGES);
    }

    private static RateLimits perDay(int most) {
        return new RateLimits(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(most), Unit.MESSAGES);
    }

    @Test
    void neverExceedTheRateTogetherAndEachHasAPart() throws Exception {
        var limits = perSecond(20);
        var times = new ConcurrentLinkedQueue<Long>();
        List<AtomicInteger> parts = new ArrayList<>();
        List<SqlQueue> relays = new ArrayList<>();
        var asked = new AtomicInteger();
        for (int i = 0; i < RELAYS; i++) {
            relays.add(open());
        }
        long end = System.nanoTime() + Duration.ofMillis(2500).toNanos();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> senders = new ArrayList<>();
            for (SqlQueue relay : relays) {
                var part = new AtomicInteger();
                parts.add(part);
                senders.add(() -> {
                    while (System.nanoTime() < end) {
                        long start = System.nanoTime();
                        Grant grant = relay.rates().take(SERVER, limits, 10, 0);
                        asked.incrementAndGet();
                        long answered = System.nanoTime();
                        long first = answered + grant.first().toNanos();
                        sleepUntil(first);
                        for (int one = 0; one < grant.units(); one++) {
                            long due = first + one * grant.interval().toNanos();
                            sleepUntil(due);
                            long now = System.nanoTime();
                            // Nobody knows when between question and answer the database said so.
                            if (now - due <= limits.late().toNanos() - (answered - start)) {
                                times.add(now);
                                part.incrementAndGet();
                            }
                        }
                    }
                    return null;
                });
            }
            for (var sender : threads.invokeAll(senders)) {
                sender.get();
            }
        } finally {
            relays.forEach(SqlQueue::close);
        }
        List<Long> sorted = times.stream().sorted().toList();
        for (int i = 20; i < sorted.size(); i++) {
            assertThat(sorted.get(i) - sorted.get(i - 20)).describedAs("20 in a second, from " + i)
                    .isGreaterThan(Duration.ofSeconds(1).toNanos());
        }
        assertThat(sorted).hasSizeGreaterThan(15);
        assertThat(parts).allSatisfy(part -> assertThat(part).hasPositiveValue());
        assertThat(asked.get()).describedAs("questions to the database").isLessThan(sorted.size());
    }

    private static void sleepUntil(long time) throws InterruptedException {
        Thread.sleep(Duration.ofNanos(Math.max(0, time - System.nanoTime())));
    }

    @Test
    void aDayGoesOnAfterARestartAndWhatADeadRelayTookCounts() throws Exception {
        try (var one = open(); var other = open()) {
            assertThat(one.rates().take(SERVER, perDay(10), 4, 0).units()).isEqualTo(4);
            assertThat(other.rates().take(SERVER, perDay(10), 4, 0).units()).isEqualTo(4);
        }
        try (var again = open()) {
            assertThat(again.rates().take(SERVER, perDay(10), 4, 0).units()).isEqualTo(2);
            assertThat(again.rates().take(SERVER, perDay(10), 4, 0).units()).isZero();
            assertThat(again.rates().take(new ResourceKey("shop", "other"), perDay(10), 4, 0).units()).isEqualTo(4);
        }
    }

    @Test
    void theSameInAFile() throws Exception {
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            assertThat(queue.rates().take(SERVER, perDay(10), 8, 0).units()).isEqualTo(8);
        }
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            assertThat(queue.rates().take(SERVER, perDay(10), 8, 0).units()).isEqualTo(2);
            assertThat(queue.rates().take(SERVER, perDay(10), 8, 0).units()).isZero();
        }
    }

    @Test
    void relaysThatAskAtOnceForTheFirstTimeGetNoMoreThanTheLimit() throws Exception {
        try (var one = open(); var other = open(); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> asks = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                SqlQueue relay = i % 2 == 0 ? one : other;
                asks.add(() -> relay.rates().take(SERVER, perDay(100), 7, 0).units());
            }
            int sum = 0;
            for (var ask : threads.invokeAll(asks)) {
                sum += ask.get();
            }
            assertThat(sum).isEqualTo(100);
        }
    }

    @Test
    void anOrganizationSubmitsNoMoreThanItsQuotaThroughAllRelays() throws Exception {
        var quota = new Quota(Optional.empty(), Optional.of(25), Optional.empty(), Unit.MESSAGES, WhenExceeded.REFUSE);
        try (var one = open(); var other = open(); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> asks = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                SqlQueue relay = i % 2 == 0 ? one : other;
                asks.add(() -> relay.quotas().take(SERVER, quota, ZoneOffset.UTC, 1) instanceof Quotas.Taken);
            }
            int taken = 0;
            for (var ask : threads.invokeAll(asks)) {
                taken += ask.get() ? 1 : 0;
            }
            assertThat(taken).isEqualTo(25);
            assertThat(one.quotas().used(SERVER, quota, ZoneOffset.UTC).getFirst().level()).isEqualTo(100);
        }
    }
}
