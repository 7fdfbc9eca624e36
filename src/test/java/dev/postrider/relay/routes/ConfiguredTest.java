package dev.postrider.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.RouteJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What holds of the relay's route while that changes. */
@Tag("relay")
final class ConfiguredTest {
    private static RelayRoute route(String configuration) {
        String bare = RouteJson.write(TestRoutes.relay());
        return RouteJson.read(bare.substring(0, bare.length() - 1) + ",\"configuration\":" + configuration + "}",
                RelayRoute.class);
    }

    /** As of a later version, whose durations this one does not know. */
    @Test
    void whatCannotBeReadLeavesAllAsItWas() {
        DeliverySettings otherwise = DeliverySettings.of("relay.test");
        List<RelayRoute> route = new ArrayList<>();
        List<RelayConfiguration> made = new ArrayList<>();
        var configured = new Configured<>(() -> Optional.of(route.getLast()), now -> {
            made.add(now);
            return new DeliverySettings("relay.test", now.delivery());
        }, otherwise);

        route.add(route("{\"delivery\": {\"giveUpAfter\": \"5d\"}}"));
        assertThat(configured.get()).isSameAs(otherwise);
        assertThat(configured.get()).isSameAs(otherwise);
        assertThat(made).as("tried once").hasSize(1);

        route.add(route("{\"delivery\": {\"giveUpAfter\": \"48h\"}}"));
        DeliverySettings read = configured.get();
        assertThat(read).isNotSameAs(otherwise);
        route.add(route("{\"delivery\": {\"serverRest\": \"1d\"}}"));
        assertThat(configured.get()).isSameAs(read);

        route.add(TestRoutes.relay());
        assertThat(configured.get()).isSameAs(otherwise);
        assertThat(made).hasSize(3);
    }
}
