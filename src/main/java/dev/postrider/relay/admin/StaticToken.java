package dev.postrider.relay.admin;

import dev.postrider.access.Decision;
import dev.postrider.access.Outcome;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import java.io.IOException;
import java.util.Optional;

/** The installation's own token may do everything; of others somebody else decides. */
final class StaticToken implements Access {
    private static final Decision OWN = new Decision(Outcome.ALLOWED, "the installation's token");

    private final Routes routes;
    private final Access others;

    StaticToken(Routes routes, Access others) {
        this.routes = routes;
        this.others = others;
    }

    boolean matches(String token) {
        return routes.relay()
                .map(RelayRoute::adminTokenSha256)
                .filter(hex -> !hex.isEmpty() && Sha256.matches(token, hex))
                .isPresent();
    }

    @Override
    public Decision decide(String token, Verb verb, Optional<ResourceKey> organization) throws IOException {
        return matches(token) ? OWN : others.decide(token, verb, organization);
    }

    @Override
    public Decision metrics(String token) throws IOException {
        return matches(token) ? OWN : others.metrics(token);
    }
}
