package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.queue.SendingRates.Full;
import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.relay.queue.SendingRates.Sharing;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.Quota;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Unit;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PostgresServer;
import dev.postrider.transport.Shares;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    /** What each of the namespaces that want so much gets, asked for by several relays in turn. */
    private static Map<String, Integer> sendAll(List<SqlQueue> relays, RateLimits limits, List<String> waiting)
            throws QueueException {
        Map<String, Integer> got = new HashMap<>();
        int unanswered = 0;
        List<String> turns = new ArrayList<>(waiting);
        for (int i = 0; unanswered < relays.size(); i++) {
            Grant grant = relays.get(i % relays.size())
                    .rates()
                    .take(SERVER, limits, 7, 0, Optional.of(new Sharing(turns, Map.of(), Shares::admitsOne)));
            Collections.rotate(turns, 1);
            grant.to().forEach(namespace -> got.merge(namespace, 1, Integer::sum));
            unanswered = grant.units() == 0 ? unanswered + 1 : 0;
        }
        return got;
    }

    private void whoComesFirstLeavesSomeForOthers(List<SqlQueue> relays) throws QueueException {
        assertThat(sendAll(relays, perDay(100), List.of("flood"))).isEqualTo(Map.of("flood", 75));
        assertThat(sendAll(relays, perDay(100), List.of("flood", "late"))).describedAs("three quarters of the rest")
                .isEqualTo(Map.of("late", 18));
        Grant none = relays.getFirst()
                .rates()
                .take(SERVER, perDay(100), 1, 0, Optional
                        .of(new Sharing(List.of("flood", "late"), Map.of(), Shares::admitsOne)));
        assertThat(none.full().keySet()).containsExactlyInAnyOrder("flood", "late");
        Full flood = Objects.requireNonNull(none.full().get("flood"));
        assertThat(flood.limit()).hasToString("100 messages a day");
        assertThat(flood.after()).isBetween(Duration.ofHours(24), Duration.ofMinutes(24 * 60 + 30));
        assertThat(sendAll(relays, perDay(100), List.of("last"))).isEqualTo(Map.of("last", 5));
    }

    @Test
    void whatANamespaceHadCountsWhicheverRelaySentIt() throws Exception {
        try (var one = open(); var other = open()) {
            whoComesFirstLeavesSomeForOthers(List.of(one, other));
        }
        try (var again = open()) {
            assertThat(sendAll(List.of(again), perDay(100), List.of("flood"))).isEmpty();
        }
    }

    @Test
    void theSharesAreTheSameInAFile() throws Exception {
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            whoComesFirstLeavesSomeForOthers(List.of(queue));
        }
        try (var again = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system())) {
            assertThat(sendAll(List.of(again), perDay(100), List.of("flood"))).isEmpty();
        }
    }

    @Test
    void thoseThatWaitTogetherGetAsMuchEach() throws Exception {
        try (var one = open(); var other = open()) {
            assertThat(sendAll(List.of(one, other), perDay(100), List.of("a", "b", "c")).values())
                    .allSatisfy(number -> assertThat(number).isBetween(29, 31));
        }
    }

    @Test
    void whatWasNotSentIsGivenBackAndAMessageToManyIsOwedByItsNamespace() throws Exception {
        try (var queue = open()) {
            SendingRates rates = queue.rates();
            assertThat(rates.take(SERVER, perDay(100), 50, 0, sharing(Map.of(), "a")).to()).hasSize(50);
            assertThat(rates.take(SERVER, perDay(100), 50, -40, sharing(Map.of("a", -40), "a")).to()).hasSize(50);
            Grant grant = rates.take(SERVER, perDay(100), 50, 20, sharing(Map.of("b", 20), "a", "b"));
            assertThat(grant.full()).containsOnlyKeys("a");
            assertThat(grant.to()).describedAs("with the 20 it has three times what it leaves")
                    .hasSize(10)
                    .containsOnly("b");
        }
    }

    private static Optional<Sharing> sharing(Map<String, Integer> owed, String... waiting) {
        return Optional.of(new Sharing(List.of(waiting), owed, Shares::admitsOne));
    }

    @Test
    void rowsOfNamespacesThatSendNothingAnyMoreAreRemoved() throws Exception {
        var start = Instant.parse("2026-03-01T12:00:00Z");
        var hours = new AtomicInteger();
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT,
                () -> start.plus(Duration.ofHours(hours.get())))) {
            for (int day = 0; day < 5; day++) {
                for (int i = 0; i < 10; i++) {
                    queue.rates().take(SERVER, perDay(1000), 1, 0, sharing(Map.of(), "team-%d-%d".formatted(day, i)));
                }
                hours.addAndGet(26);
            }
        }
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(*), max(length(sent)) FROM server_rate_share")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(10);
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
