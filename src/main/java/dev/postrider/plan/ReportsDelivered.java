package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says that reports of undelivered mail reached nobody, for as long as {@link LostReports#TOLD}. */
record ReportsDelivered(LostReports lost) {

    /** Empty where none was lost lately, or that is not known. */
    static Optional<ReportsDelivered> of(ResourceKey organization, World world) {
        return world.lostReports(organization)
                .map(ReportsDelivered::new)
                .filter(told -> told.until().isAfter(world.now()));
    }

    /** What was said of it stays until the relay has said something else. */
    static void keep(@Nullable List<Condition> before, ResourceKey organization, World world, Conditions conditions) {
        if (world.lostReports(organization).isEmpty()) {
            Conditions.find(before, ConditionType.ReportsDelivered).ifPresent(conditions::add);
        }
    }

    Condition condition(Conditions conditions) {
        return conditions.set(ConditionType.ReportsDelivered, Condition.Status.False, Reason.ReportLost,
                "%s not be sent, so nobody learned that mail was not delivered. The last was for %s: %s. Set %s"
                        .formatted(
                                lost.reports() == 1
                                        ? "a report of undelivered mail could"
                                        : lost.reports() + " reports of undelivered mail could",
                                lost.recipient(), lost.reason(),
                                "spec.identity.envelopeFrom to a mailbox that the mail server"
                                        + " delivers to and lets this organization send from, and give applications that"
                                        + " envelope sender"));
    }

    /** When it is over. */
    Instant until() {
        return lost.last().plus(LostReports.TOLD);
    }
}
