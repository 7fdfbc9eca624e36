package dev.postrider.local;

import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.Installation;
import dev.postrider.plan.RelayState;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.time.Instant;
import java.util.Optional;

/**
 * The world of somebody who has the files and nothing else: no relay, nothing made yet.
 *
 * @param declared what the files declare
 * @param now      the time of the check
 * @param installation the settings of the installation that the files are for
 */
record FilesAsWorld(Declared declared, Instant now, Installation installation) implements DeclaredWorld {

    @Override
    public RelayState relay() {
        return RelayState.notNeeded();
    }

    @Override
    public Optional<ServerRoute> serverRoute(ResourceKey server) {
        return Optional.empty();
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return Optional.empty();
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        return declared.otherOwner(organization, new ResourceKey(organization.namespace(), secretName))
                .<BindingLookup>map(foreign -> foreign)
                .orElseGet(BindingLookup.Missing::new);
    }

    @Override
    public String newPassword() {
        return "";
    }
}
