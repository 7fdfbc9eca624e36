package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the API server did not write for a resource, for a quota, an admission policy or the like. It may come to be
 * allowed without a change of the resource, so that it is tried again, and is no mistake of the resource.
 *
 * @param message what is not written and why, for people; never a secret
 */
public record Refusal(String message) {
    /** How soon it is tried again, while it is new and at the most. */
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration SELDOM = Duration.ofMinutes(1);

    static boolean isToldBy(Condition condition) {
        return condition.status() == Status.False && condition.is(Reason.Refused);
    }

    static boolean isTold(@Nullable List<Condition> conditions, ConditionType type) {
        return Conditions.find(conditions, type).filter(Refusal::isToldBy).isPresent();
    }

    /** When to try again what a condition tells of: as seldom as that is old. Empty where it tells of something else. */
    static Optional<Instant> nextAttempt(Condition told, Instant now) {
        if (!isToldBy(told)) {
            return Optional.empty();
        }
        Duration age = Duration.between(Instant.parse(told.lastTransitionTime()), now);
        return Optional.of(now.plus(age.compareTo(SOON) < 0 ? SOON : age.compareTo(SELDOM) > 0 ? SELDOM : age));
    }
}
