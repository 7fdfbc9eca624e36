package dev.postrider.relay.delivery;

import dev.postrider.message.dkim.DkimSigners;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.DkimKey;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What organizations' mail is signed with; keys are read when they are new. */
final class Signers {
    private final Routes routes;
    private final InstantSource clock;
    private final Map<ResourceKey, Kept> kept = new ConcurrentHashMap<>();

    private record Kept(List<DkimKey> keys, DkimSigners signers) {}

    Signers(Routes routes, InstantSource clock) {
        this.routes = routes;
        this.clock = clock;
    }

    /** Empty where the organization's mail is not signed. */
    Optional<DkimSigners> of(ResourceKey organization) {
        List<DkimKey> keys = keys(organization);
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(kept.compute(organization, (_, known) -> known != null && known.keys.equals(keys)
                ? known
                : new Kept(keys, new DkimSigners(keys, clock))).signers);
    }

    private List<DkimKey> keys(ResourceKey organization) {
        return routes.organization(organization).map(OrganizationRoute::dkim).orElse(List.of());
    }

    /** Forgets those of an organization, if it has none any more. */
    void prune(ResourceKey organization) {
        kept.computeIfPresent(organization, (_, known) -> keys(organization).isEmpty() ? null : known);
    }
}
