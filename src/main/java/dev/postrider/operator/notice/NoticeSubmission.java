package dev.postrider.operator.notice;

import dev.postrider.notice.NoticeContent;
import dev.postrider.notice.NoticeKind;
import dev.postrider.notice.NoticeMail;
import dev.postrider.operator.installation.RelaySubmission;
import dev.postrider.plan.NoticeOrder;
import dev.postrider.plan.SubmissionResult;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Optional;

/** Writes notices and hands them to the relay. */
public record NoticeSubmission(RelaySubmission relay) {

    /** Blocks as long as that takes. */
    public SubmissionResult send(NoticeOrder order) {
        return relay.send(new RelaySubmission.Mail(order.organization(), order.from(),
                order.replyTo(), order.envelopeFrom(), order.recipients(), order.messageId(), order.idempotencyKey()),
                envelope -> NoticeMail.compose(content(order), envelope));
    }

    private static NoticeContent content(NoticeOrder order) {
        var settings = order.settings();
        return new NoticeContent(switch (order.id().notice()) {
            case BEFORE -> NoticeKind.BEFORE;
            case ON_EXPIRY -> NoticeKind.ON_EXPIRY;
        }, settings.license(), LocalDate.parse(settings.expiryDate()), order.daysLeft(), order.organizationName(),
                order.linkHost(), settings.language(), Optional.ofNullable(settings.subject()),
                Optional.ofNullable(settings.body()), settings.calendar(), ZoneId.of(settings.timeZone()),
                order.id().test());
    }
}
