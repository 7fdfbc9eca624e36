package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.Config;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a shard waits for, by leases of 15 seconds in a real API server. Time is the test's own. */
@UsesApiServer
final class OtherShardsIT {
    private static final LeaderElection.Timing TIMING = LeaderElection.Timing.of(Duration.ofSeconds(15));

    private final ApiServer api;
    private final String namespace;
    private final AtomicLong nanos = new AtomicLong();
    private final List<OtherShards> started = new ArrayList<>();

    OtherShardsIT(ApiServer api) {
        this.api = api;
        namespace = api.createNamespace("shards");
    }

    @AfterEach
    void end() {
        started.forEach(OtherShards::close);
    }

    private OtherShards shard(int index, int count) {
        return shard(index, count, nanos::get);
    }

    private OtherShards shard(int index, int count, LongSupplier nanoTime) {
        return shard(index, count, nanoTime, Config.fromKubeconfig(api.kubeconfig().toFile()));
    }

    private OtherShards shard(int index, int count, LongSupplier nanoTime, Config config) {
        var others = new OtherShards(config, namespace, new Shard(index, count), TIMING, nanoTime);
        started.add(others);
        return others;
    }

    /** Of a holder of this version. */
    private void lease(String name, String holder, int shards) {
        lease(name, holder, shards + " at transition 0");
    }

    private void lease(String name, String holder, @Nullable String shards) {
        api.client()
                .resource(new LeaseBuilder().withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .withAnnotations(shards == null ? null : Map.of("postrider.dev/shards", shards))
                        .endMetadata()
                        .withNewSpec()
                        .withHolderIdentity(holder)
                        .withLeaseDurationSeconds(15)
                        .withLeaseTransitions(0)
                        .endSpec()
                        .build())
                .createOr(there -> there.update());
    }

    private String holder(String name) {
        return api.client().leases().inNamespace(namespace).withName(name).require().getSpec().getHolderIdentity();
    }

    /** Each begins with its own lease held by itself, as it is when it looks. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            what                                     | shard | of | lease                | holder | shards              | waits for
            the same number                          | 0     | 3  | postrider-operator-2 | other  | 3 at transition 0   | -
            one that stays where it was              | 0     | 3  | postrider-operator-1 | other  | 2 at transition 0   | -
            a new one, for those it gets its own of  | 2     | 3  | postrider-operator-1 | other  | 2 at transition 0   | postrider-operator-1 of 2 shards
            a new one, of which nobody knew          | 1     | 2  | postrider-operator   | other  | -                   | postrider-operator of 1 shard
            an earlier version after this one        | 1     | 2  | postrider-operator   | other  | 2 at transition 9   | postrider-operator of 1 shard
            one of fewer, for one that must end      | 0     | 2  | postrider-operator-2 | other  | 3 at transition 0   | postrider-operator-2 of 3 shards
            one of fewer, for one that stays         | 0     | 2  | postrider-operator-1 | other  | 3 at transition 0   | -
            given back                               | 2     | 3  | postrider-operator-1 | ''     | 2 at transition 0   | -
            not to be read                           | 2     | 3  | postrider-operator-1 | other  | two at transition 0 | postrider-operator-1 of a number of shards that cannot be read
            not an operator's                        | 2     | 3  | postrider-relay      | other  | 2 at transition 0   | -
            """, useHeadersInDisplayName = true)
    void aShardWaitsForThoseThatMayHoldItsNamespaces(String what, int index, int count, String lease, String holder,
            String shards, String waitsFor) {
        lease(new Shard(index, count).lease(), "own", count);
        lease(lease, holder, shards);
        assertThat(shard(index, count).look()).isEqualTo(Optional.ofNullable(waitsFor)
                .map(those -> "waits for an operator of another number of shards to end, which may hold its namespaces "
                        + "(lease " + those + ")"));
    }

    /** The Role of an earlier chart lets nobody list leases; that chart has one operator. */
    @ParameterizedTest
    @CsvSource({"0, 1, false", "0, 2, true", "1, 2, true"})
    void whoeverMayNotListLeasesBeginsWhereThereIsOneShard(int index, int count, boolean waits) {
        Config config = Config.fromKubeconfig(api.kubeconfig().toFile());
        config.setImpersonateUsername("system:serviceaccount:" + namespace + ":without-rights");

        assertThat(shard(index, count, nanos::get, config).look().isPresent()).isEqualTo(waits);
    }

    @Test
    void theNumberCountsOfWhoeverHoldsTheLeaseNow() {
        OtherShards second = shard(2, 3);
        lease("postrider-operator", "old", null);
        lease("postrider-operator-1", "old", 2);
        assertThat(second.look().orElse(""))
                .contains("(lease postrider-operator of 1 shard, postrider-operator-1 of 2 shards)");
        lease("postrider-operator", "new", 3);
        assertThat(second.look().orElse("")).contains("(lease postrider-operator-1 of 2 shards)");
        lease("postrider-operator-1", "new", 3);
        assertThat(second.look()).isEmpty();
    }

    @Test
    void oneThatIsNotRenewedForAsLongAsItLastsIsGivenBackForAllThatStartLater() {
        OtherShards second = shard(2, 3);
        lease("postrider-operator-1", "dead", 2);
        assertThat(second.look()).isPresent();
        nanos.addAndGet(TIMING.lease().minusNanos(1).toNanos());
        assertThat(second.look()).isPresent();
        assertThat(holder("postrider-operator-1")).isEqualTo("dead");
        nanos.addAndGet(1);

        assertThat(second.look()).isEmpty();
        assertThat(holder("postrider-operator-1")).isEmpty();
        assertThat(shard(2, 3).look()).isEmpty();
    }

    /** One that knows no shards would take it, and with it all namespaces. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            what                             | shards            | is waited for, in seconds
            an earlier version               | -                 | 45
            an earlier version after shards  | 2 at transition 9 | 45
            one of this version              | 1 at transition 0 | 0
            """, useHeadersInDisplayName = true)
    void theLeaseThatAnEarlierVersionGaveBackIsWaitedForUntilOneOfThisVersionHasIt(String what, String shards,
            int seconds) {
        lease("postrider-operator", "", shards);
        OtherShards second = shard(1, 2);
        if (seconds > 0) {
            assertThat(second.look().orElse("")).contains("(lease postrider-operator of 1 shard, since given back)");
            nanos.addAndGet(Duration.ofSeconds(seconds).minusNanos(1).toNanos());
            assertThat(second.look()).isPresent();
            nanos.addAndGet(1);
        }
        assertThat(second.look()).isEmpty();

        OtherShards another = shard(1, 2);
        another.look();
        lease("postrider-operator", "new", 2);
        assertThat(another.look()).isEmpty();
    }

    @Test
    void anEarlierVersionThatTakesTheLeaseOfOneThatDiedIsWaitedFor() {
        lease("postrider-operator", "dead", null);
        OtherShards second = shard(1, 2);
        assertThat(second.look()).isPresent();
        nanos.addAndGet(TIMING.lease().toNanos());
        assertThat(second.look()).as("gives it back").isPresent();
        assertThat(holder("postrider-operator")).isEmpty();
        nanos.addAndGet(TIMING.lease().toNanos());
        assertThat(second.look()).isPresent();
        lease("postrider-operator", "standby", null);
        nanos.addAndGet(TIMING.lease().multipliedBy(3).toNanos());
        assertThat(second.look().orElse("")).contains("(lease postrider-operator of 1 shard)");
    }

    /** Whoever has it makes it anew with the next renewal. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            holder | is waited for, in seconds
            alive  | 15
            ''     | 0
            """, useHeadersInDisplayName = true)
    void aLeaseThatIsDeletedIsWaitedForUntilItsHolderCannotLead(String holder, int seconds) {
        lease("postrider-operator-1", holder, 2);
        OtherShards second = shard(2, 3);
        assertThat(second.look().isPresent()).isEqualTo(seconds > 0);
        nanos.addAndGet(TIMING.lease().minusNanos(1).toNanos());
        assertThat(second.look().isPresent()).isEqualTo(seconds > 0);
        api.client().leases().inNamespace(namespace).withName("postrider-operator-1").delete();
        if (seconds > 0) {
            assertThat(second.look().orElse("")).contains("(lease postrider-operator-1 of 2 shards, since deleted)");
            nanos.addAndGet(Duration.ofSeconds(seconds).minusNanos(1).toNanos());
            assertThat(second.look()).isPresent();
            nanos.addAndGet(1);
        }
        assertThat(second.look()).isEmpty();
        lease("postrider-operator-1", "alive", 2);
        assertThat(second.look().orElse("")).contains("(lease postrider-operator-1 of 2 shards)");
    }

    @Test
    void aDeletedLeaseOfTheSameNumberIsNotWaitedFor() {
        lease("postrider-operator-1", "old", 2);
        OtherShards second = shard(2, 3);
        assertThat(second.look()).isPresent();
        lease("postrider-operator-1", "new", 3);
        assertThat(second.look()).isEmpty();
        api.client().leases().inNamespace(namespace).withName("postrider-operator-1").delete();
        assertThat(second.look()).isEmpty();
    }

    @Test
    void oneThatIsRenewedIsWaitedForHoweverLong() {
        OtherShards second = shard(2, 3);
        for (int renewed = 0; renewed < 4; renewed++) {
            lease("postrider-operator-1", "alive " + renewed, 2);
            assertThat(second.look()).isPresent();
            nanos.addAndGet(TIMING.lease().minusSeconds(1).toNanos());
            assertThat(second.look()).isPresent();
        }
    }

    @Test
    void twoThatSeeEachOtherBothWaitUntilOneGoes() {
        lease("postrider-operator-1", "old", 2);
        lease("postrider-operator-2", "new", 3);
        OtherShards old = shard(1, 2);
        OtherShards young = shard(2, 3);
        assertThat(old.look().orElse("")).contains("(lease postrider-operator-2 of 3 shards)");
        assertThat(young.look().orElse("")).contains("(lease postrider-operator-1 of 2 shards)");
        lease("postrider-operator-1", "", 2);
        assertThat(young.look()).isEmpty();
        assertThat(old.look()).isPresent();
    }

    @Test
    void whateverFailsWhileItLooksIsToldAndDoneAgain() {
        lease("postrider-operator-1", "old", 2);
        var fails = new AtomicBoolean(true);
        OtherShards second = shard(2, 3, () -> {
            if (fails.get()) {
                throw new IllegalStateException("no clock");
            }
            return nanos.get();
        });
        assertThat(second.look()).contains("waits until it can read the leases of namespace " + namespace
                + ": java.lang.IllegalStateException: no clock");
        fails.set(false);
        assertThat(second.look().orElse("")).contains("(lease postrider-operator-1 of 2 shards)");
    }

    @Test
    void whoeverIsClosedWhileItWaitsDoesNotBegin() throws InterruptedException {
        lease("postrider-operator-1", "old", 2);
        OtherShards second = shard(2, 3);
        var began = new boolean[]{true};
        Thread waiting = Thread.ofVirtual().start(() -> began[0] = second.await());
        await().until(() -> second.waitsFor().isPresent());
        second.close();
        waiting.join();
        assertThat(began[0]).isFalse();
    }
}
