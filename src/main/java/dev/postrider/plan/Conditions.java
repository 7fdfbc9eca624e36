package dev.postrider.plan;

import dev.postrider.api.Condition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one status, built anew from those that were there: a transition time moves only when the status
 * moves (Kubernetes API conventions, "Typical status properties").
 */
final class Conditions {
    static final String READY = "Ready";
    static final String BLOCKED = "Blocked";
    static final String STALLED = "Stalled";
    static final String SECRETS_VALID = "SecretsValid";
    static final String SERVERS_RESOLVED = "ServersResolved";
    static final String SENDERS_ALLOWED = "SendersAllowed";
    static final String WITHIN_LIMITS = "WithinLimits";
    static final String SENDERS_RESTRICTED = "SendersRestricted";
    static final String BINDING_READY = "BindingReady";
    static final String BINDING_COPIED = "BindingCopied";
    static final String TEST_SEND_SUCCEEDED = "TestSendSucceeded";
    static final String TAKES_MAIL = "TakesMail";
    static final String MAIL_TAKEN = "MailTaken";
    static final String ON_BACKUP = "OnBackup";
    static final String RELAY_AVAILABLE = "RelayAvailable";
    static final String REPORTS_DELIVERED = "ReportsDelivered";
    static final String DELETION_CONFIRMED = "DeletionConfirmed";

    private final List<Condition> before;
    private final List<Condition> now = new ArrayList<>();
    private final String time;
    private final long generation;

    Conditions(@Nullable List<Condition> before, Instant time, long generation) {
        this.before = before == null ? List.of() : before;
        this.time = time.truncatedTo(ChronoUnit.SECONDS).toString();
        this.generation = generation;
    }

    /** One that is yet to be added. */
    Condition of(String type, Condition.Status status, String reason, String message) {
        String since = find(before, type).filter(c -> c.status() == status)
                .map(Condition::lastTransitionTime)
                .orElse(time);
        return new Condition(type, status, reason, message, since, generation);
    }

    Condition set(String type, Condition.Status status, String reason, String message) {
        return add(of(type, status, reason, message));
    }

    Condition add(Condition condition) {
        now.add(condition);
        return condition;
    }

    Condition set(String type, RelayState relay) {
        return set(type, relay.status(), relay.reason(), relay.message());
    }

    /** One that was set. */
    Condition get(String type) {
        return find(now, type).orElseThrow();
    }

    /** Whether the condition says something else than it did before: another status or another reason. */
    boolean isNews(Condition condition) {
        return find(before, condition.type())
                .filter(c -> c.status() == condition.status() && c.reason().equals(condition.reason()))
                .isEmpty();
    }

    /** What was said before, if it was this, and of the same spec. */
    Optional<Condition> before(String type, Condition.Status status) {
        return find(before, type).filter(c -> c.status() == status)
                .filter(c -> c.observedGeneration() == generation);
    }

    /** Whether there was such a condition before. */
    boolean had(String type) {
        return find(before, type).isPresent();
    }

    /** Whether the condition was so before. */
    boolean was(String type, Condition.Status status) {
        return find(before, type).filter(c -> c.status() == status).isPresent();
    }

    List<Condition> list() {
        return List.copyOf(now);
    }

    static Optional<Condition> find(@Nullable List<Condition> conditions, String type) {
        return conditions == null
                ? Optional.empty()
                : conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }
}
