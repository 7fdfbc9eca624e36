package dev.postrider.relay.routes;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.routes.RouteChanges.Taken;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What whoever follows the routes is told of a change: what to look at, and nothing more. */
final class RouteChangesTest {
    private static final Taken NOTHING = new Taken(false, Set.of(), Set.of());
    private static final Taken EVERYTHING = new Taken(true, Set.of(), Set.of());

    static Stream<Arguments> changes() {
        return Stream.of(
                change("an organization is new", routes -> routes.put(organization("new", State.OPEN)),
                        organizations("new")),
                change("an organization is another", routes -> routes.put(organization("orders", State.SUSPENDED)),
                        organizations("orders")),
                change("an organization is what it was", routes -> routes.put(organization("orders", State.OPEN)),
                        NOTHING),
                change("an organization goes", routes -> routes.removeOrganization(key("orders")),
                        organizations("orders")),
                change("one goes that was not there", routes -> routes.removeOrganization(key("nobody")), NOTHING),
                change("two change, one of them twice", routes -> {
                    routes.put(organization("orders", State.SUSPENDED));
                    routes.put(organization("orders", State.CLOSING));
                    routes.put(organization("new", State.OPEN));
                }, organizations("orders", "new")),
                change("a namespace's server is another", routes -> routes.put(server("own", false, false, 2)),
                        servers("own")),
                change("a namespace's server goes", routes -> routes.removeServer(key("own")), servers("own")),
                change("a server is what it was", routes -> routes.put(server("own", false, true, 2)), NOTHING),
                change("a server becomes everybody's", routes -> routes.put(server("own", true, true, 2)), EVERYTHING),
                change("everybody's server is another", routes -> routes.put(server("mx", true, false, 2)),
                        EVERYTHING),
                change("everybody's server becomes a namespace's", routes -> routes.put(server("mx", false, true, 2)),
                        EVERYTHING),
                change("everybody's server goes", routes -> routes.removeServer(key("mx")), EVERYTHING),
                change("the relay's route is what it was", routes -> routes.put(TestRoutes.relay()), NOTHING),
                change("a global server is required now", routes -> {
                    RelayRoute relay = TestRoutes.relay();
                    routes.put(new RelayRoute(true, relay.certificate(), relay.privateKey(), relay.adminTokenSha256()));
                }, EVERYTHING),
                change("all routes are known", Routes::markComplete, EVERYTHING));
    }

    private static Arguments change(String name, Consumer<Routes> change, Taken told) {
        return Arguments.of(name, change, told);
    }

    private static Taken organizations(String... names) {
        return new Taken(false, keys(names), Set.of());
    }

    private static Taken servers(String... names) {
        return new Taken(false, Set.of(), keys(names));
    }

    private static Set<ResourceKey> keys(String... names) {
        return Set.copyOf(Stream.of(names).map(TestRoutes::key).toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void aChangeNamesWhatItChanges(String name, Consumer<Routes> change, Taken told) {
        var routes = new Routes();
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 2));
        routes.put(server("own", false, true, 2));
        routes.put(organization("orders", State.OPEN));
        routes.put(organization("invoices", State.OPEN));
        var signals = new AtomicInteger();
        RouteChanges changes = routes.changes(signals::incrementAndGet);

        change.accept(routes);

        assertThat(changes.take()).isEqualTo(told);
        assertThat(signals.get() > 0).isEqualTo(!told.isEmpty());
        assertThat(changes.take()).isEqualTo(NOTHING);
    }
}
