package dev.postrider.cli.cluster;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Postrider's kinds, and what people call them. */
enum Kind {
    MAIL_SERVER(MailServer.class, "ms"), ORGANIZATION(OrganizationMailSettings.class, "oms"), LICENSE_NOTICE(
            LicenseExpiryNotice.class, "len");

    private final Class<? extends CustomResource<?, ?>> type;
    private final String shortName;

    Kind(Class<? extends CustomResource<?, ?>> type, String shortName) {
        this.type = type;
        this.shortName = shortName;
    }

    /** By any name that kubectl takes, in any case. */
    static Optional<Kind> of(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(kind -> kind.names().anyMatch(wanted::equals)).findFirst();
    }

    static Kind of(HasMetadata resource) {
        return Arrays.stream(values()).filter(kind -> kind.type.isInstance(resource)).findFirst().orElseThrow();
    }

    /** For people who wrote something else: {@code ms (MailServer), ...}. */
    static String choices() {
        return Arrays.stream(values())
                .map(kind -> kind.shortName + " (" + kind.kind() + ")")
                .collect(Collectors.joining(", "));
    }

    private Stream<String> names() {
        return Stream.of(HasMetadata.getSingular(type), HasMetadata.getPlural(type))
                .flatMap(name -> Stream.of(name, name + "." + HasMetadata.getGroup(type)))
                .flatMap(name -> Stream.of(name, shortName));
    }

    String kind() {
        return HasMetadata.getKind(type);
    }

    String plural() {
        return HasMetadata.getPlural(type);
    }

    String shortName() {
        return shortName;
    }

    Resource<? extends CustomResource<?, ?>> resource(KubernetesClient client, ResourceKey key) {
        return client.resources(type).inNamespace(key.namespace()).withName(key.name());
    }

    /** The resource of a name, if there is one. */
    Optional<Inspected> find(KubernetesClient client, ResourceKey key) {
        return Optional.<CustomResource<?, ?>>ofNullable(resource(client, key).get()).map(Inspected::new);
    }
}
