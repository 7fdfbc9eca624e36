package dev.postrider.plan;

import dev.postrider.api.LimitUnit;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.Limits;
import dev.postrider.route.Quota;
import dev.postrider.route.RateLimits.Unit;
import java.util.Optional;

/** Turns how much an organization may send in a time into what the relay needs. */
final class QuotaLimits {
    private QuotaLimits() {}

    /** The limits; empty if there are none. */
    static Optional<Quota> of(OrganizationMailSettingsSpec spec) {
        Limits limits = spec.limits();
        if (limits == null || limits.perHour() == null && limits.perDay() == null && limits.perMonth() == null) {
            return Optional.empty();
        }
        return Optional.of(new Quota(Optional.ofNullable(limits.perHour()), Optional.ofNullable(limits.perDay()),
                Optional.ofNullable(limits.perMonth()),
                limits.unit() == LimitUnit.Recipients ? Unit.RECIPIENTS : Unit.MESSAGES,
                limits.whenExceeded() == OrganizationMailSettingsSpec.WhenExceeded.Refuse
                        ? Quota.WhenExceeded.REFUSE
                        : Quota.WhenExceeded.HOLD));
    }
}
