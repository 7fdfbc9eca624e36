package dev.postrider.notice;

import dev.postrider.message.MessageContent;
import dev.postrider.notice.ComposedMail.Attachment;
import dev.postrider.notice.ComposedMail.Written;
import dev.postrider.route.MailClass;
import jakarta.mail.util.ByteArrayDataSource;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A usage report as it goes out (RFC 5322, MIME). The same content and envelope make the same octets. */
public final class UsageReportMail {
    private UsageReportMail() {}

    /**
     * Writes the mail: plain text, HTML, and the numbers as CSV. Its lines end in CR LF. It is ASCII, unless an address
     * is not.
     *
     * @throws IllegalArgumentException if an address, the Message-ID or the idempotency key is none
     */
    public static MessageContent compose(UsageReportContent content, NoticeEnvelope envelope) {
        UsageWording wording = UsageWording.of(content);
        return ComposedMail.of(new Written(wording.subject(), wording.language(), content.timeZone(),
                UsagePlainText.of(wording), UsageHtml.of(wording), Optional.of(MailClass.USAGE_REPORT),
                Optional.of(new Attachment("usage-" + content.from() + ".csv", new ByteArrayDataSource(
                        csv(content), "text/csv; charset=UTF-8; header=present")))),
                envelope);
    }

    private static byte[] csv(UsageReportContent content) {
        return UsageCsv.of(content.organization(), content.from(), content.days()).getBytes(StandardCharsets.UTF_8);
    }
}
