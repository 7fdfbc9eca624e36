package dev.postrider.operator.kit;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.javaoperatorsdk.operator.api.config.Cloner;
import java.util.function.Supplier;

/**
 * Copies a resource before each reconciliation, as the framework asks: metadata may be changed, as by the removal of a
 * finalizer, and are copied. Specs and statuses are records that nobody changes, and are shared: to write and read them
 * again costs as much as a plan.
 *
 * @param serialization by which everything else is copied
 */
public record SharingCloner(KubernetesSerialization serialization) implements Cloner {
    @Override
    @SuppressWarnings("unchecked") // each is copied as what it is
    public <R extends HasMetadata> R clone(R resource) {
        return (R) switch (resource) {
            case MailServer server -> copy(server, MailServer::new);
            case OrganizationMailSettings organization -> copy(organization, OrganizationMailSettings::new);
            case LicenseExpiryNotice notice -> copy(notice, LicenseExpiryNotice::new);
            default -> serialization.clone(resource);
        };
    }

    private static <S, T, R extends CustomResource<S, T>> R copy(R resource, Supplier<R> empty) {
        R copy = empty.get();
        copy.setMetadata(resource.getMetadata().edit().build());
        copy.setSpec(resource.getSpec());
        copy.setStatus(resource.getStatus());
        return copy;
    }
}
