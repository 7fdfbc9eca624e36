package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.TestSendStatus;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.CustomResource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A resource of any of Postrider's kinds, and what all of them have. */
record Inspected(CustomResource<?, ?> object) {

    /**
     * The last test through a server.
     *
     * @param what the MailServer, or the notice itself
     */
    record Test(String what, TestSendStatus result) {}

    Kind kind() {
        return Kind.of(object);
    }

    ResourceKey key() {
        return new ResourceKey(object.getMetadata().getNamespace(), object.getMetadata().getName());
    }

    List<Condition> conditions() {
        return list(switch (object) {
            case MailServer server when server.getStatus() != null -> server.getStatus().conditions();
            case OrganizationMailSettings organization when organization.getStatus() != null ->
                organization.getStatus().conditions();
            case LicenseExpiryNotice notice when notice.getStatus() != null -> notice.getStatus().conditions();
            default -> null;
        });
    }

    Optional<Condition> condition(ConditionType type) {
        return conditions().stream().filter(condition -> condition.is(type)).findFirst();
    }

    /** Those of the status; an organization has one for each of its servers. */
    List<Test> tests() {
        return switch (object) {
            case MailServer server when server.getStatus() != null -> one(server.getStatus().testSend());
            case LicenseExpiryNotice notice when notice.getStatus() != null -> one(notice.getStatus().testSend());
            case OrganizationMailSettings organization when organization.getStatus() != null ->
                list(organization.getStatus().testSends()).stream()
                        .map(test -> new Test("MailServer " + test.mailServer(), test.result()))
                        .toList();
            default -> List.of();
        };
    }

    private List<Test> one(@Nullable TestSendStatus result) {
        return result == null ? List.of() : List.of(new Test(toString(), result));
    }

    /** Whether the status is about the resource as it is now. */
    boolean isCurrent() {
        Long observed = switch (object) {
            case MailServer server when server.getStatus() != null -> server.getStatus().observedGeneration();
            case OrganizationMailSettings organization when organization.getStatus() != null ->
                organization.getStatus().observedGeneration();
            case LicenseExpiryNotice notice when notice.getStatus() != null ->
                notice.getStatus().observedGeneration();
            default -> null;
        };
        return Objects.equals(observed, object.getMetadata().getGeneration());
    }

    boolean isPaused() {
        return "true".equals(Objects.requireNonNullElse(object.getMetadata().getAnnotations(), Map.<String, String>of())
                .get(PostriderApi.PAUSED_ANNOTATION));
    }

    boolean isBeingDeleted() {
        return object.getMetadata().getDeletionTimestamp() != null;
    }

    /** For kubectl: {@code ms/own -n acme}. */
    String argument() {
        return kind().shortName() + "/" + key().name() + " -n " + key().namespace();
    }

    /** For people: {@code MailServer acme/own}. */
    @Override
    public String toString() {
        return kind().kind() + " " + key();
    }

    private static <T> List<T> list(@Nullable List<T> some) {
        return some == null ? List.of() : some;
    }
}
