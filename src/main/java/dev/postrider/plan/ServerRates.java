package dev.postrider.plan;

import dev.postrider.api.LimitUnit;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.ServerLimits;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Unit;
import java.util.Optional;

/** Turns how much a server takes in a time into what the relay needs. */
final class ServerRates {
    /** Messages a minute of a mailbox: https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits */
    private static final int GRAPH_PER_MINUTE = 30;

    private ServerRates() {}

    /** What is declared, and what is known of Microsoft Graph; empty if there is no limit. */
    static Optional<RateLimits> of(MailServerSpec spec) {
        ServerLimits limits = spec.limits();
        boolean graph = spec.microsoftGraph() != null;
        if (limits == null) {
            return graph
                    ? Optional.of(new RateLimits(Optional.empty(), Optional.of(GRAPH_PER_MINUTE), Optional.empty(),
                            Optional.empty(), Unit.MESSAGES))
                    : Optional.empty();
        }
        Optional<Integer> perMinute = Optional.ofNullable(limits.perMinute());
        return Optional.of(new RateLimits(Optional.ofNullable(limits.perSecond()),
                perMinute.or(() -> Optional.of(GRAPH_PER_MINUTE).filter(_ -> graph && limits.perSecond() == null)),
                Optional.ofNullable(limits.perHour()), Optional.ofNullable(limits.perDay()),
                limits.unit() == LimitUnit.Recipients ? Unit.RECIPIENTS : Unit.MESSAGES));
    }
}
