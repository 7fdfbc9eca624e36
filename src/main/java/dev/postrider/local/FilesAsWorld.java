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
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The world of somebody who has the files and nothing else: no relay, nothing made yet.
 *
 * @param declared what the files declare
 * @param now      the time of the check
 * @param installation the settings of the installation that the files are for
 */
record FilesAsWorld(Declared declared, Instant now, Installation installation) implements World {

    @Override
    public RelayState relay() {
        return RelayState.notNeeded();
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
    public NamespaceLookup namespace(String name) {
        return new NamespaceLookup.NoCluster();
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return CopyLookup.MISSING;
    }

    @Override
    public String newPassword() {
        return "";
    }

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
