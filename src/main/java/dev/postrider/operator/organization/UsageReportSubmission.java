package dev.postrider.operator.organization;

import dev.postrider.notice.UsageReportContent;
import dev.postrider.notice.UsageReportMail;
import dev.postrider.operator.installation.RelayQueue;
import dev.postrider.operator.installation.RelaySubmission;
import dev.postrider.plan.SubmissionResult;
import dev.postrider.plan.UsagePeriod;
import dev.postrider.plan.UsageReportOrder;

/** Asks the relay what it counted, writes usage reports, and hands them to the relay. */
public record UsageReportSubmission(RelayQueue counted, RelaySubmission relay) {

    /** Blocks as long as that takes. */
    public SubmissionResult send(UsageReportOrder order) {
        UsagePeriod period = order.period();
        return relay.send(
                new RelaySubmission.Mail(order.organization(), order.from(),
                        order.replyTo(), order.envelopeFrom(), order.recipients(), order.messageId(),
                        order.idempotencyKey()),
                envelope -> UsageReportMail.compose(new UsageReportContent(order.organization(),
                        order.organizationName(), order.language(), order.zone(), period.before(), period.from(),
                        period.to(), counted.usage(order.organization(), period.before(), period.to())), envelope));
    }
}
