package dev.postrider.local;

import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.Installation;
import dev.postrider.plan.RelayState;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the plan sees where a directory is the cluster and the relay runs in this process. */
record LocalWorld(Declared declared, Routes routes, BindingDirectories bindings, Installation installation,
        RelayRests<ServerRest> rests, RelayRests<MailRest> ownRests, Instant now) implements DeclaredWorld {
    private static final SecureRandom RANDOM = new SecureRandom();

    @Override
    public RelayState relay() {
        return RelayState.available(1);
    }

    @Override
    public Optional<ServerRoute> serverRoute(ResourceKey server) {
        return routes.server(server);
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return routes.organization(organization);
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        ResourceKey key = new ResourceKey(organization.namespace(), secretName);
        return declared.otherOwner(organization, key)
                .<BindingLookup>map(foreign -> foreign)
                .or(() -> bindings.password(key)
                        .<BindingLookup>map(password -> new BindingLookup.Own(password, bindings.annotations(key))))
                .orElseGet(BindingLookup.Missing::new);
    }

    @Override
    public Optional<ServerRest> rest(ResourceKey server) {
        return rests.of(server).flatMap(told -> told.stream().findFirst());
    }

    @Override
    public Optional<List<MailRest>> mailRests(ResourceKey organization) {
        return ownRests.of(organization);
    }

    @Override
    public String newPassword() {
        return RelayLogin.newPassword(RANDOM);
    }
}
