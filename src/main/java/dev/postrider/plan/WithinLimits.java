package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import dev.postrider.route.UsedLimit;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Says how much of its limits an organization has used up, with an Event at 80 and at 100 percent. */
final class WithinLimits {
    private WithinLimits() {}

    /** Sets the condition; returns when it is over. */
    static Optional<Instant> tell(Optional<UsedLimit> told, World world, Conditions conditions, List<Notice> notices) {
        Optional<UsedLimit> now = told.filter(used -> used.until().isAfter(world.now()));
        Condition condition = now.map(used -> condition(used, conditions))
                .orElseGet(() -> conditions.set(ConditionType.WithinLimits, Status.True, Reason.Within,
                        "less than 80 % of each limit in spec.limits is used up"));
        if (now.isPresent() && conditions.isNews(condition)) {
            notices.add(Notice.warning(condition));
        }
        return now.map(UsedLimit::until);
    }

    private static Condition condition(UsedLimit used, Conditions conditions) {
        return used.percent() >= 100
                ? conditions.set(ConditionType.WithinLimits, Status.False, Reason.LimitUsedUp,
                        "the organization has sent %s; what is more is %s until %s".formatted(used.limit(),
                                used.holds() ? "held" : "refused (452 4.7.0)", used.until()))
                : conditions.set(ConditionType.WithinLimits, Status.True, Reason.LimitNearlyUsedUp,
                        "%d %% of %s are used up; the period ends at %s".formatted(used.percent(), used.limit(),
                                used.until()));
    }
}
