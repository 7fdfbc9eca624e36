package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/** Whether a resource is being deleted, and whether a person has confirmed that. */
enum Deletion {
    /** Nobody wants it deleted. */
    NOT_ASKED,
    /** Deleted, and held until it is confirmed. */
    UNCONFIRMED,
    /** Deleted and confirmed. */
    CONFIRMED;

    static Deletion of(HasMetadata resource, @Nullable String confirmation) {
        if (resource.getMetadata().getDeletionTimestamp() == null) {
            return NOT_ASKED;
        }
        return PostriderApi.DELETION_CONFIRMATION.equals(confirmation) ? CONFIRMED : UNCONFIRMED;
    }

    /** Says in a condition what to type and what will be lost. */
    static Condition unconfirmed(Conditions conditions, HasMetadata resource, @Nullable String confirmation,
            String loss) {
        String wrong = confirmation == null || confirmation.isEmpty()
                ? "is not set"
                : "is \"" + confirmation + "\", not exactly \"" + PostriderApi.DELETION_CONFIRMATION + "\"";
        return conditions.set(ConditionType.DeletionConfirmed, Condition.Status.False,
                confirmation == null || confirmation.isEmpty() ? Reason.ConfirmationMissing : Reason.ConfirmationWrong,
                ("held, and everything goes on working, because spec.deletionConfirmation %s. %s To go ahead: kubectl -n %s "
                        + "patch %s %s --type merge -p '{\"spec\":{\"deletionConfirmation\":\"Delete\"}}'")
                        .formatted(wrong,
                                loss, resource.getMetadata().getNamespace(), resource.getPlural(),
                                resource.getMetadata().getName()));
    }
}
