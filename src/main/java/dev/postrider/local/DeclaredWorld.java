package dev.postrider.local;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.CopyLookup;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.NamespaceLookup;
import dev.postrider.plan.SecretLookup;
import dev.postrider.plan.ServerView;
import dev.postrider.plan.World;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** A world without a cluster: what is there is what manifests declare. */
interface DeclaredWorld extends World {

    /** What the manifests declare. */
    Declared declared();

    @Override
    default SecretLookup secret(ResourceKey key) {
        return declared().secret(key);
    }

    @Override
    default ConfigMapLookup configMap(ResourceKey key) {
        return declared().configMap(key);
    }

    @Override
    default Optional<ServerView> mailServer(ResourceKey key) {
        return Optional.ofNullable(declared().servers().get(key)).map(s -> ServerView.of(s, serverRoute(key)));
    }

    @Override
    default Optional<Instant> testedAt(ResourceKey server) {
        return Optional.ofNullable(declared().servers().get(server)).flatMap(MailServerPlan::testedAt);
    }

    @Override
    default Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return Optional.ofNullable(declared().organizations().get(key));
    }

    @Override
    default List<ServerView> globalServers() {
        return declared().globalServers().flatMap(key -> mailServer(key).stream()).toList();
    }

    @Override
    default List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return declared().licenses(organization);
    }

    @Override
    default NamespaceLookup namespace(String name) {
        return new NamespaceLookup.NoCluster();
    }

    @Override
    default CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return CopyLookup.MISSING;
    }

    /** A resource whose manifest is gone is gone: nothing is ever held. */
    @Override
    default List<ResourceKey> usersOf(MailServer server) {
        return List.of();
    }

    @Override
    default OptionalLong queued(ResourceKey organization) {
        return OptionalLong.empty();
    }

    /** Of files no namespace has a bound. */
    @Override
    default TestTurn testTurn(HasMetadata resource, ResourceKey server) {
        return new TestTurn(now(), Integer.MAX_VALUE);
    }

    /** Files are one person's, who bounds himself. */
    @Override
    default OptionalInt boundPassed(HasMetadata resource) {
        return OptionalInt.empty();
    }

    @Override
    default OptionalLong octetsPassed(HasMetadata resource) {
        return OptionalLong.empty();
    }

    @Override
    default boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        return false;
    }
}
