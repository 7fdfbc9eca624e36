package dev.postrider.notice;

import dev.postrider.message.MessageContent;
import dev.postrider.notice.ComposedMail.Attachment;
import dev.postrider.notice.ComposedMail.Written;
import jakarta.mail.util.ByteArrayDataSource;
import java.util.Optional;

/** A notice as it goes out (RFC 5322, MIME). The same content and envelope make the same octets. */
public final class NoticeMail {
    /** By which the relay knows a mail that it has taken already. */
    public static final String IDEMPOTENCY_KEY = "Postrider-Idempotency-Key";

    private NoticeMail() {}

    /**
     * Writes the mail: plain text and HTML, and the calendar event where asked. Its lines end in CR LF. It is ASCII,
     * unless an address is not.
     *
     * @throws IllegalArgumentException if an address, the Message-ID or the idempotency key is none
     */
    public static MessageContent compose(NoticeContent content, NoticeEnvelope envelope) {
        NoticeWording wording = NoticeWording.of(content, envelope.date());
        return ComposedMail.of(new Written(wording.subject(), wording.language(), content.timeZone(),
                NoticePlainText.of(wording), NoticeHtml.of(wording), Optional.empty(),
                NoticeCalendar.isAttached(content)
                        ? Optional.of(new Attachment("expiry.ics", new ByteArrayDataSource(
                                NoticeCalendar.of(content, envelope, wording),
                                "text/calendar; charset=UTF-8; method=PUBLISH")))
                        : Optional.empty()),
                envelope);
    }
}
