package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Address;
import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.net.IDN;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What all mail has in common that Postrider sends in an organization's name. */
final class OwnMail {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
    private static final Duration LAST_RETRY = Duration.ofHours(1);

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
            return reason(Reason.SendingDisabled, "sending is switched off for organization \"" + name
                    + "\" (its spec.sendingEnabled)");
        }
        if (organization.getMetadata().getDeletionTimestamp() != null) {
            return reason(Reason.OrganizationDeleted, "organization \"" + name + "\" is being deleted");
        }
        if (!problems.isEmpty() || ready.filter(r -> r.status() == Status.True).isEmpty()) {
            return reason(Reason.MailNotWorking, "organization \"%s\" cannot send: %s".formatted(name,
                    problems.isEmpty()
                            ? ready.map(r -> r.reason() + ": " + r.message()).orElse("the operator has not looked yet")
                            : Problem.describe(problems)));
        }
        return recipients.isEmpty()
                ? reason(Reason.NoRecipients, recipientsField + " is not set, and organization \"" + name
                        + "\" names no administrators; set one of them")
                : Optional.empty();
    }

    /** Why an organization whose mail works has no way for mail of its own login, if that is so. */
    static Optional<Problem> noServer(OrganizationMailSettings organization, Servers servers) {
        return servers.wantOnlySubmitters()
                ? reason(Reason.NoServerForOwnLogin,
                        ("organization \"%s\" has no active mail server that takes its own login: "
                                + "%s %s the login of whoever sends, and mail that Postrider writes has none; name a "
                                + "MailServer without it in spec.servers of the organization")
                                .formatted(organization.getMetadata().getName(), Names.some(servers.keys()),
                                        servers.keys().size() == 1
                                                ? "has authentication.submitter, so that it wants"
                                                : "have authentication.submitter, so that they want"))
                : Optional.empty();
    }

    /**
     * How long after a failure it is tried again: 2, 8 and 32 seconds, 2, 8 and 34 minutes, then an hour. The relay is
     * the installation's own, and often takes up a moment later what has changed.
     *
     * @param failures in a row, at least one
     */
    static Duration retryAfter(int failures) {
        Duration wait = FIRST_RETRY.multipliedBy(1L << 2 * Math.min(failures - 1, 6));
        return wait.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : wait;
    }

    private static Optional<Problem> reason(Reason reason, String message) {
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
