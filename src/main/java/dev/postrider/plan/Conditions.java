package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Observations;
import dev.postrider.api.Reason;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one status, built anew from those that were there: a transition time moves only when the status
 * moves (Kubernetes API conventions, "Typical status properties").
 */
final class Conditions {
    private final Observations known;
    private final List<Condition> before;
    private final List<Condition> now = new ArrayList<>();
    private final String time;
    private final long generation;

    /** @param known what conditions of the kind say */
    Conditions(Observations known, @Nullable List<Condition> before, Instant time, long generation) {
        this.known = known;
        this.before = before == null ? List.of() : before;
        this.time = time.truncatedTo(ChronoUnit.SECONDS).toString();
        this.generation = generation;
    }

    /** One that is yet to be added. */
    Condition of(ConditionType type, Condition.Status status, Reason reason, String message) {
        return of(type, status, reason.toString(), message);
    }

    private Condition of(ConditionType type, Condition.Status status, String reason, String message) {
        String since = find(before, type).filter(c -> c.status() == status)
                .map(Condition::lastTransitionTime)
                .orElse(time);
        assert known.tell(type, status, reason) : "no page says what " + type + "=" + status + " " + reason + " means";
        return new Condition(type.name(), status, reason, message, since, generation);
    }

    Condition set(ConditionType type, Condition.Status status, Reason reason, String message) {
        return add(of(type, status, reason, message));
    }

    /** One that is as another is, and for the same reason. */
    Condition setAs(ConditionType type, Condition other, String message) {
        return add(of(type, other.status(), other.reason(), message));
    }

    /**
     * Says that only a person can help, where a resource is not Ready and one of these reasons needs one. Waiting does
     * not help then, and kstatus takes {@code Ready=False} alone for progress.
     */
    void stalled(Condition ready, Stream<Reason> reasons) {
        if (ready.status() == Condition.Status.False && reasons.anyMatch(Reason::needsPerson)) {
            add(of(ConditionType.Stalled, Condition.Status.True, ready.reason(), ready.message()));
        }
    }

    Condition add(Condition condition) {
        now.add(condition);
        return condition;
    }

    Condition set(ConditionType type, RelayState relay) {
        return set(type, relay.status(), relay.reason(), relay.message());
    }

    /** One that was set. */
    Condition get(ConditionType type) {
        return find(now, type).orElseThrow();
    }

    /** Whether the condition says something else than it did before: another status or another reason. */
    boolean isNews(Condition condition) {
        return before.stream()
                .filter(c -> c.type().equals(condition.type()))
                .filter(c -> c.status() == condition.status() && c.reason().equals(condition.reason()))
                .findFirst()
                .isEmpty();
    }

    /** What was said before, if it was this, and of the same spec. */
    Optional<Condition> before(ConditionType type, Condition.Status status) {
        return find(before, type).filter(c -> c.status() == status)
                .filter(c -> c.observedGeneration() == generation);
    }

    /** Whether there was such a condition before. */
    boolean had(ConditionType type) {
        return find(before, type).isPresent();
    }

    /** Whether the condition was so before. */
    boolean was(ConditionType type, Condition.Status status) {
        return find(before, type).filter(c -> c.status() == status).isPresent();
    }

    List<Condition> list() {
        return List.copyOf(now);
    }

    static Optional<Condition> find(@Nullable List<Condition> conditions, ConditionType type) {
        return conditions == null
                ? Optional.empty()
                : conditions.stream().filter(c -> c.is(type)).findFirst();
    }
}
