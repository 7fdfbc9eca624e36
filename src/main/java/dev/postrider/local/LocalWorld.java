package dev.postrider.local;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.CopyLookup;
import dev.postrider.plan.Installation;
import dev.postrider.plan.NamespaceLookup;
import dev.postrider.plan.RelayState;
import dev.postrider.plan.SecretLookup;
import dev.postrider.plan.World;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the plan sees where a directory is the cluster and the relay runs in this process. */
record LocalWorld(Declared declared, Routes routes, BindingDirectories bindings, Installation installation,
        Instant now) implements World {
    private static final SecureRandom RANDOM = new SecureRandom();

    @Override
    public RelayState relay() {
        return RelayState.available(1);
    }

    @Override
    public SecretLookup secret(ResourceKey key) {
        return declared.secret(key);
    }

    @Override
    public ConfigMapLookup configMap(ResourceKey key) {
        return declared.configMap(key);
    }

    @Override
    public Optional<MailServer> mailServer(ResourceKey key) {
        return Optional.ofNullable(declared.servers().get(key));
    }

    @Override
    public Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return Optional.ofNullable(declared.organizations().get(key));
    }

    @Override
    public List<MailServer> globalServers() {
        return declared.globalServers();
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
    public NamespaceLookup namespace(String name) {
        return new NamespaceLookup.NoCluster();
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return CopyLookup.MISSING;
    }

    @Override
    public String newPassword() {
        return RelayLogin.newPassword(RANDOM);
    }

    /** A resource whose manifest is gone is gone: nothing is ever held. */
    @Override
    public List<ResourceKey> usersOf(MailServer server) {
        return List.of();
    }

    @Override
    public List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return declared.licenses(organization);
    }

    @Override
    public OptionalLong queued(ResourceKey organization) {
        return OptionalLong.empty();
    }
}
