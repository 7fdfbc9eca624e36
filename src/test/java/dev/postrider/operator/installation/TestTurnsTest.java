package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** However many resources a namespace makes and deletes, its tests come at the rate of one namespace. */
@Tag("isolation")
final class TestTurnsTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final ResourceKey GLOBAL = new ResourceKey("postrider", "global");

    private static boolean mayTest(TestTurns turns, String namespace, String uid, Instant now) {
        var resource = new OrganizationMailSettings();
        resource.setMetadata(new ObjectMetaBuilder().withNamespace(namespace).withUid(uid).build());
        return !turns.turn(resource, GLOBAL, now).time().isAfter(now);
    }

    /** How many of {@code seconds} times {@code each} new resources are tested. */
    private static int tested(TestTurns turns, int seconds, int each) {
        int tested = 0;
        for (int second = 0; second < seconds; second++) {
            for (int i = 0; i < each; i++) {
                tested += mayTest(turns, "attacker", second + "-" + i, NOW.plusSeconds(second)) ? 1 : 0;
            }
        }
        return tested;
    }

    @Test
    void newResourcesInALoopAreTestedAtTheRateOfTheNamespaceAndStopNobodyElse() {
        TestTurns turns = new TestTurns(30, (_, _) -> 0L);
        assertThat(tested(turns, 60, 20)).isEqualTo(30);
        assertThat(mayTest(turns, "victim", "v", NOW.plusSeconds(60))).isTrue();
    }

    @Test
    void whoWaitsGetsTheTurnThatTheyWereGivenThoughOthersAskInALoop() {
        TestTurns turns = new TestTurns(30, (_, _) -> 0L);
        tested(turns, 1, 30);
        assertThat(mayTest(turns, "attacker", "patient", NOW)).isFalse();
        tested(turns, 1, 100);
        assertThat(mayTest(turns, "attacker", "patient", NOW.plusSeconds(1))).isFalse();
        assertThat(mayTest(turns, "attacker", "patient", NOW.plusSeconds(2))).isTrue();
        assertThat(mayTest(turns, "attacker", "patient", NOW.plusSeconds(2))).isFalse();
    }

    @Test
    void turnsAreNotSavedUp() {
        TestTurns turns = new TestTurns(30, (_, _) -> 0L);
        tested(turns, 1, 30);
        for (int i = 0; i < 500; i++) {
            mayTest(turns, "attacker", "saved" + i, NOW);
        }
        Instant later = NOW.plus(Duration.ofHours(1));
        int at = 0;
        for (int i = 0; i < 500; i++) {
            at += mayTest(turns, "attacker", "saved" + i, later) ? 1 : 0;
        }
        assertThat(at).isEqualTo(30);
    }

    @Test
    void aProcessThatBeginsCountsWhatTheStatusesTell() {
        TestTurns turns = new TestTurns(30, (namespace, since) -> {
            assertThat(since).isEqualTo(NOW.minusSeconds(60));
            return namespace.equals("attacker") ? 28L : 0L;
        });
        assertThat(tested(turns, 1, 10)).isEqualTo(2);
    }
}
