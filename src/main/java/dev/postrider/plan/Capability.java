package dev.postrider.plan;

import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettingsSpec.Capabilities;
import dev.postrider.route.MailClass;
import org.jspecify.annotations.Nullable;

/** Something that an organization may do because its mail works; each goes with a class of mail. */
enum Capability {
    PASSWORD_RECOVERY(MailClass.PASSWORD_RECOVERY, "passwordRecovery", ConditionType.PasswordRecoveryAvailable, true,
            "people can reset their passwords by mail"), ALERTS(MailClass.ALERTS, "alerts",
                    ConditionType.AlertsAvailable, true,
                    "applications can send alerts"), NOTIFICATIONS(MailClass.NOTIFICATIONS, "notifications",
                            ConditionType.NotificationsAvailable, true,
                            "applications can send notifications"), USAGE_REPORT(MailClass.USAGE_REPORT, "usageReport",
                                    ConditionType.UsageReportAvailable, false, "usage reports can be sent");

    final MailClass mailClass;
    final ConditionType conditionType;
    final String available;
    private final String field;
    private final boolean byDefault;

    Capability(MailClass mailClass, String field, ConditionType conditionType, boolean byDefault,
            String available) {
        this.mailClass = mailClass;
        this.field = field;
        this.conditionType = conditionType;
        this.byDefault = byDefault;
        this.available = available;
    }

    String field() {
        return "spec.capabilities." + field;
    }

    boolean isSwitchedOn(@Nullable Capabilities capabilities) {
        Boolean declared = capabilities == null ? null : switch (this) {
            case PASSWORD_RECOVERY -> capabilities.passwordRecovery();
            case ALERTS -> capabilities.alerts();
            case NOTIFICATIONS -> capabilities.notifications();
            case USAGE_REPORT -> capabilities.usageReport();
        };
        return declared == null ? byDefault : declared;
    }

    /** The entry of the binding that tells of it, as {@code PASSWORD_RECOVERY_ENABLED}. */
    String bindingKey() {
        return name() + "_ENABLED";
    }
}
