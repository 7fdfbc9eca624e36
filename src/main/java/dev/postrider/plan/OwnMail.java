package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Address;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.net.IDN;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What all mail has in common that Postrider sends in an organization's name. */
final class OwnMail {
    private OwnMail() {}

    /**
     * Why nothing can be sent.
     *
     * @param problems        with the organization
     * @param recipientsField where recipients are set
     * @param ready           the organization's condition
     */
    static Optional<Problem> blocked(OrganizationMailSettings organization, List<Problem> problems,
            List<String> recipients, String recipientsField, Optional<Condition> ready) {
        String name = organization.getMetadata().getName();
        if (Boolean.FALSE.equals(organization.getSpec().sendingEnabled())) {
            return reason("SendingDisabled", "sending is switched off for organization \"" + name
                    + "\" (its spec.sendingEnabled)");
        }
        if (organization.getMetadata().getDeletionTimestamp() != null) {
            return reason("OrganizationDeleted", "organization \"" + name + "\" is being deleted");
        }
        if (!problems.isEmpty() || ready.filter(r -> r.status() == Status.True).isEmpty()) {
            return reason("MailNotWorking", "organization \"%s\" cannot send: %s".formatted(name,
                    problems.isEmpty()
                            ? ready.map(r -> r.reason() + ": " + r.message()).orElse("the operator has not looked yet")
                            : Problem.describe(problems)));
        }
        return recipients.isEmpty()
                ? reason("NoRecipients", recipientsField + " is not set, and organization \"" + name
                        + "\" names no administrators; set one of them")
                : Optional.empty();
    }

    private static Optional<Problem> reason(String reason, String message) {
        return Optional.of(new Problem(Area.SPEC, reason, "", message));
    }

    /** The same for the same mail, whoever computes it: so the relay takes it once, even from two operators. */
    static String key(String kind, HasMetadata resource, String what) {
        String uid = Objects.requireNonNullElseGet(resource.getMetadata().getUid(),
                () -> resource.getMetadata().getNamespace() + "/" + resource.getMetadata().getName());
        return Sha256.of(kind + "/" + uid + "/" + what).substring(0, 32);
    }

    /** A Message-ID that is the same for the same key. */
    static String messageId(String key, Address from) {
        String address = from.address();
        return "<" + key + "@" + IDN.toASCII(address.substring(address.lastIndexOf('@') + 1)) + ">";
    }
}
