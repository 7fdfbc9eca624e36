package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.routes.RouteChanges;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ServerRoute;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How many organizations with mail are looked at for one change of a route, of ten thousand. */
final class RouteChangeCostTest {
    private static final int ORGANIZATIONS = 10_000;
    /** Organizations that share a server of their own. */
    private static final int OF_A_SERVER = 10;

    private final Routes routes = new Routes();
    private final InstantSource clock = InstantSource.fixed(Instant.parse("2026-03-01T12:00:00Z"));
    private final Turns turns = new Turns(routes, new Lanes(routes, server -> {
        throw new AssertionError("nothing is sent to " + server.key());
    }, UndoneWork.NO_PERMITS, () -> DeliverySettings.of("relay.test"),
            new RelayMeters(new SimpleMeterRegistry(), 10, clock)),
            clock, new UndoneWork() {
                @Override
                public void read(dev.postrider.route.ResourceKey organization, boolean urgent, int most) {
                    // It stays as it is.
                }

                @Override
                public void takeOfRate(Lane lane, Allowance.Wish wish) {
                    throw new AssertionError("no server has a rate");
                }
            });
    private RouteChanges changes;

    @BeforeEach
    void allHaveMail() {
        routes.put(TestRoutes.relay());
        routes.put(TestRoutes.local("mx", 25, 1));
        for (int i = 0; i < ORGANIZATIONS; i++) {
            if (i % OF_A_SERVER == 0) {
                routes.put(own(i, 1));
            }
            routes.put(organization("shop-" + i, State.OPEN, "own-" + i / OF_A_SERVER * OF_A_SERVER));
            turns.due(key("shop-" + i));
        }
        routes.markComplete();
        changes = routes.changes(() -> {
            // It is taken when the test asks for it.
        });
    }

    private static ServerRoute own(int number, int connections) {
        return TestRoutes.server("own-" + number, false, true, connections);
    }

    static Stream<Arguments> costs() {
        return Stream.of(
                cost("an organization", routes -> routes.put(organization("shop-7", State.SUSPENDED)), "shop-7"),
                cost("one that has no mail", routes -> routes.put(organization("new", State.OPEN))),
                cost("the same one, often", routes -> {
                    for (int i = 0; i < 100; i++) {
                        routes.put(organization("shop-7", i % 2 == 0 ? State.SUSPENDED : State.OPEN));
                    }
                }, "shop-7"),
                cost("an organization that goes", routes -> routes.removeOrganization(key("shop-7")), "shop-7"),
                cost("a server of their own", routes -> routes.put(own(20, 5)), "shop-20", "shop-21", "shop-22",
                        "shop-23", "shop-24", "shop-25", "shop-26", "shop-27", "shop-28", "shop-29"),
                cost("a server that nobody names", routes -> routes.put(own(3, 5))));
    }

    private static Arguments cost(String name, Consumer<Routes> change, String... lookedAt) {
        return Arguments.of(name, change, Set.of(lookedAt));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("costs")
    void onlyThoseThatAChangeConcernsAreLookedAt(String name, Consumer<Routes> change, Set<String> lookedAt) {
        change.accept(routes);

        assertThat(turns.refreshServers(changes.take()).stream().map(key -> key.name()).collect(Collectors.toSet()))
                .isEqualTo(lookedAt);
    }

    @Test
    void allAreLookedAtWhereEverybodysServerChanges() {
        routes.put(TestRoutes.local("mx", 26, 1));

        assertThat(turns.refreshServers(changes.take())).hasSize(ORGANIZATIONS);
    }
}
