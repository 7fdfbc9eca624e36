package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who has a turn, without a queue and servers. */
@Tag("relay")
final class FairOrderTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    /** Attempts of one namespace whose result is not recorded, at most. */
    private static final int UNRECORDED = 384;

    /** Takes what it is handed, and does none of it. */
    private static final class Noted extends UndoneWork {
        private final List<ResourceKey> reads = new ArrayList<>();

        @Override
        public void read(ResourceKey organization, boolean urgent, int most) {
            if (!urgent) {
                reads.add(organization);
            }
        }

        @Override
        public void takeOfRate(Lane lane, Allowance.Wish wish) {
            throw new AssertionError("no server has a rate");
        }
    }

    private static Pool onlyTo(Lane lane, Lanes lanes) {
        return new Pool("shop", Map.of(lane, Preference.DEFAULT), new OwnRests(lanes::newBreaker));
    }

    /** More organizations wait for busy servers than results are recorded: one whose server is free has its turn. */
    @Test
    void whoWaitedForItsNamespacesShareIsNotForgottenBehindThoseWhoseServersAreBusy() {
        var routes = new Routes();
        var clock = InstantSource.fixed(NOW);
        var lanes = new Lanes(routes, server -> {
            throw new AssertionError("nothing is sent to " + server.key());
        }, UndoneWork.NO_PERMITS, () -> DeliverySettings.of("relay.test"),
                new RelayMeters(new SimpleMeterRegistry(), 10, clock));
        var work = new Noted();
        var turns = new Turns(routes, lanes, clock, work);
        routes.put(TestRoutes.relay());
        routes.markComplete();
        for (int i = 0; i <= UNRECORDED; i++) {
            routes.put(TestRoutes.local("mx-" + i, 25, 1));
            routes.put(TestRoutes.organization("shop-" + i, State.OPEN, "mx-" + i));
            if (i < UNRECORDED) {
                assertThat(lanes.enter(onlyTo(lanes.of(key("mx-" + i)), lanes), Set.of(), NOW)).isPresent();
                turns.recording("shop");
            }
        }
        for (int i = 0; i <= UNRECORDED; i++) {
            turns.due(key("shop-" + i));
        }
        assertThat(work.reads).isEmpty();

        for (int i = 0; i < UNRECORDED; i++) {
            turns.recorded("shop");
        }
        assertThat(work.reads).containsExactly(key("shop-" + UNRECORDED));
    }
}
