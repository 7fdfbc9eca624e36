package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FaultyApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.Config;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas and their lease of 15 seconds in a real API server. Each attempt is made by the test, and time is its
 * own. */
@UsesApiServer
final class LeaderElectionIT {
    private static final Duration LASTS = Duration.ofSeconds(15);

    private final ApiServer api;
    private final String namespace;
    private final AtomicLong nanos = new AtomicLong();
    private final List<Replica> replicas = new ArrayList<>();

    LeaderElectionIT(ApiServer api) {
        this.api = api;
        namespace = api.createNamespace("election");
    }

    private Replica one;
    private Replica other;

    /** One replica, with a clock of its own to tell the time by. */
    private final class Replica {
        private final AtomicBoolean elected = new AtomicBoolean();
        private final AtomicBoolean lost = new AtomicBoolean();
        private final LeaderElection election;
        private Duration clockAhead = Duration.ZERO;

        Replica(String identity) {
            election = new LeaderElection(Config.fromKubeconfig(api.kubeconfig().toFile()), namespace, "operator",
                    transition -> Map.of("example.com/transition", String.valueOf(transition)), identity,
                    LeaderElection.Timing.of(LASTS),
                    () -> Instant.parse("2026-10-01T08:00:00Z").plusNanos(nanos.get()).plus(clockAhead),
                    new Leadership(nanos::get, () -> lost.set(true)), () -> elected.set(true));
            replicas.add(this);
        }

        boolean leadsAfterAttempt() {
            election.attempt();
            return !lost.get() && holder().equals(Optional.of(this));
        }
    }

    private Optional<Replica> holder() {
        String identity = lease().getSpec().getHolderIdentity();
        return identity.equals("one")
                ? Optional.of(one)
                : identity.equals("other")
                        ? Optional.of(other)
                        : Optional.empty();
    }

    @BeforeEach
    void twoReplicas() {
        one = new Replica("one");
        other = new Replica("other");
    }

    @AfterEach
    void end() {
        replicas.forEach(replica -> replica.election.close());
    }

    private Lease lease() {
        return api.client().leases().inNamespace(namespace).withName("operator").require();
    }

    private void pass(String time) {
        nanos.addAndGet(Duration.parse(time).toNanos());
    }

    @Test
    void theFirstLeadsAndIsToldOnce() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        await().untilTrue(one.elected);
        assertThat(other.leadsAfterAttempt()).isFalse();
        pass("PT2S");
        assertThat(one.leadsAfterAttempt()).isTrue();

        assertThat(lease().getSpec()).satisfies(spec -> {
            assertThat(spec.getHolderIdentity()).isEqualTo("one");
            assertThat(spec.getLeaseDurationSeconds()).isEqualTo(15);
            assertThat(spec.getAcquireTime().toInstant()).isEqualTo("2026-10-01T08:00:00Z");
            assertThat(spec.getRenewTime().toInstant()).isEqualTo("2026-10-01T08:00:02Z");
            assertThat(spec.getLeaseTransitions()).isZero();
        });
        assertThat(other.elected).isFalse();
    }

    @Test
    void whoStandsByTakesTheLeaseOnceItSawNoRenewalForAsLongAsItLasts() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        pass("PT1H");
        assertThat(other.leadsAfterAttempt()).as("sees it for the first time").isFalse();
        pass("PT14S");
        assertThat(one.leadsAfterAttempt()).as("renews late, but nobody has taken it").isTrue();
        pass("PT1S");
        assertThat(other.leadsAfterAttempt()).as("sees that").isFalse();
        pass("PT14.999S");
        assertThat(other.leadsAfterAttempt()).isFalse();
        pass("PT0.001S");
        assertThat(other.leadsAfterAttempt()).isTrue();
        await().untilTrue(other.elected);

        assertThat(one.leadsAfterAttempt()).isFalse();
        assertThat(one.lost).isTrue();
        assertThat(lease().getSpec().getLeaseTransitions()).isEqualTo(1);
        assertThat(lease().getMetadata().getAnnotations()).containsEntry("example.com/transition", "1");
    }

    /** The clock that {@code renewTime} is of is set, forwards or backwards: nobody judges by it. */
    @Test
    void aClockThatIsSetMakesNeitherTwoLeadersNorNone() {
        for (Duration set : List.of(Duration.ofDays(365), Duration.ofDays(-365))) {
            one.clockAhead = set;
            assertThat(one.leadsAfterAttempt()).isTrue();
            assertThat(other.leadsAfterAttempt()).isFalse();
            pass("PT14S");
            assertThat(one.leadsAfterAttempt()).isTrue();
            pass("PT2S");
            assertThat(other.leadsAfterAttempt()).isFalse();
        }
        pass("PT15S");
        assertThat(other.leadsAfterAttempt()).as("the leader is gone").isTrue();
    }

    @Test
    void aLeaderKeepsWhatOthersHaveChangedInItsLease() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        api.client()
                .leases()
                .inNamespace(namespace)
                .withName("operator")
                .edit(lease -> new LeaseBuilder(lease)
                        .editMetadata()
                        .addToAnnotations("example.com/team", "mail")
                        .endMetadata()
                        .build());

        assertThat(one.leadsAfterAttempt()).isTrue();
        assertThat(lease().getMetadata().getAnnotations()).containsEntry("example.com/team", "mail");
    }

    @Test
    void aLeaderWhoseLeaseWasDeletedMakesItAnew() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        api.client().leases().inNamespace(namespace).withName("operator").delete();

        assertThat(one.leadsAfterAttempt()).isTrue();
        assertThat(one.lost).isFalse();
    }

    @Test
    void whoEndsInOrderGivesItsLeaseBack() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        assertThat(other.leadsAfterAttempt()).isFalse();
        one.election.close();
        assertThat(lease().getSpec().getHolderIdentity()).isEmpty();

        assertThat(other.leadsAfterAttempt()).isTrue();
        assertThat(one.lost).isFalse();
    }

    @Test
    void whoStartsAgainUnderItsNameTakesItsLeaseAtOnce() {
        assertThat(one.leadsAfterAttempt()).isTrue();
        one = new Replica("one");

        assertThat(one.leadsAfterAttempt()).isTrue();
    }

    /** By its own time and threads, through an API server that takes requests and does not answer them. */
    @Test
    void aLeaderWhoseRequestsHangEndsBeforeItsLeaseDoes() throws Exception {
        var elected = new AtomicBoolean();
        var lost = new AtomicReference<Instant>();
        try (var between = FaultyApiServer.before(api)) {
            var election = new LeaderElection(between.config(), namespace, "operator", _ -> Map.of(), "hanging",
                    LeaderElection.Timing.of(Duration.ofSeconds(6)), InstantSource.system(),
                    new Leadership(() -> lost.set(Instant.now())), () -> elected.set(true));
            election.start();
            await().untilTrue(elected);
            between.slowBy(Duration.ofMinutes(1));
            await().untilAsserted(() -> assertThat(lost).doesNotHaveNullValue());

            Instant renewed = lease().getSpec().getRenewTime().toInstant();
            assertThat(Duration.between(renewed, lost.get())).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(6));
            between.goAway();
            election.close();
        }
    }
}
