package dev.postrider.relay.delivery;

import dev.postrider.message.DsnRequest.Return;
import dev.postrider.message.MessageContent;
import dev.postrider.message.header.MailDate;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.reply.Reply;
import dev.postrider.route.Address;
import dev.postrider.route.OrganizationRoute;
import jakarta.activation.DataHandler;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.LongSupplier;

/** Composes delivery status notifications (RFC 3464, in a multipart/report of RFC 6522). */
final class DeliveryReport {
    private static final int MOST_HEADERS = 64 * 1024;

    /** What is reported (RFC 3464 section 2.3.3). */
    enum Kind {
        FAILED("failed", "bounce", "Undelivered Mail Returned to Sender", "could not be delivered to:"),

        DELAYED("delayed", "delay", "Delayed Mail (still being tried)",
                "could not be delivered yet. You need not send it again; it is still being tried for:"),

        RELAYED("relayed", "relayed", "Mail Relayed",
                "was handed on to a server that does not report delivery. That is the last that is known of it for:");

        private final String action;
        private final String idPart;
        private final String subject;
        private final String forPeople;

        Kind(String action, String idPart, String subject, String forPeople) {
            this.action = action;
            this.idPart = idPart;
            this.subject = subject;
            this.forPeople = forPeople;
        }

        String action() {
            return action;
        }
    }

    /**
     * What became of a recipient.
     *
     * @param host       the server that it was tried at
     * @param status     enhanced status code (RFC 3463)
     * @param reply      the server's, if it came to one
     * @param message    for people
     * @param retryUntil when it is given up, if it is not delivered before
     * @param replyClass what the refusal is about, where that is known
     */
    record Entry(QueuedRecipient recipient, String host, String status, Optional<Reply> reply, String message,
            Optional<Instant> retryUntil, Optional<String> replyClass) {

        /** Without a class. */
        Entry(QueuedRecipient recipient, String host, String status, Optional<Reply> reply, String message,
                Optional<Instant> retryUntil) {
            this(recipient, host, status, reply, message, retryUntil, Optional.empty());
        }
    }

    private final String hostName;
    private final LongSupplier mostReturned;

    /** @param mostReturned octets of a message that is returned as a whole, where the sender asked for that */
    DeliveryReport(String hostName, LongSupplier mostReturned) {
        this.hostName = hostName;
        this.mostReturned = mostReturned;
    }

    /**
     * Writes a report.
     *
     * @param organization whose mail it is: it comes from that, where it is known and its address is in ASCII
     * @throws IOException if the message cannot be read
     */
    MessageContent compose(Kind kind, QueuedMessage message, Optional<OrganizationRoute> organization,
            List<Entry> entries, Instant now) throws IOException {
        boolean utf8 = message.smtpUtf8();
        Charset charset = utf8 ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
        try {
            boolean whole = returnsAll(kind, message);
            var report = new MimeMultipart("report; report-type=" + (utf8 ? "global-" : "") + "delivery-status");
            var text = new MimeBodyPart();
            text.setText(forPeople(kind, message, entries, whole), charset.name());
            report.addBodyPart(text);
            var status = new StatusFields(hostName, message);
            report.addBodyPart(part(utf8 ? "message/global-delivery-status" : "message/delivery-status",
                    status.write(kind, entries, now).getBytes(charset)));
            report.addBodyPart(whole
                    ? part(utf8 ? "message/global" : "message/rfc822", all(message))
                    : part(utf8 ? "message/global-headers" : "text/rfc822-headers", headers(message)));

            var properties = new Properties();
            properties.setProperty("mail.mime.allowutf8", String.valueOf(utf8));
            var mail = new MimeMessage(Session.getInstance(properties)) {
                @Override
                protected void updateMessageID() throws MessagingException {
                    setHeader("Message-ID", "<" + message.id() + "." + entries.getFirst().recipient().number() + "."
                            + kind.idPart + "@" + hostName + ">");
                }
            };
            Optional<InternetAddress> from = organization.flatMap(o -> mailbox(o.from()));
            if (from.isPresent()) {
                mail.setFrom(from.get());
            } else {
                mail.setHeader("From", "Mail Delivery System <MAILER-DAEMON@" + hostName + ">");
            }
            Optional<InternetAddress> replyTo = organization.flatMap(OrganizationRoute::replyTo)
                    .flatMap(DeliveryReport::mailbox);
            if (replyTo.isPresent()) {
                mail.setReplyTo(new InternetAddress[]{replyTo.get()});
            }
            mail.setHeader("To", "<" + message.sender() + ">");
            mail.setSubject(kind.subject);
            mail.setHeader("Date", MailDate.of(now));
            // RFC 3834 section 5: lets others know not to answer.
            mail.setHeader("Auto-Submitted", "auto-replied");
            mail.setContent(report);
            var octets = new ByteArrayOutputStream();
            mail.writeTo(octets);
            return MessageContent.of(octets.toByteArray());
        } catch (MessagingException e) {
            throw new IOException("a report could not be composed: " + e.getMessage(), e);
        }
    }

    private static Optional<InternetAddress> mailbox(Address address) {
        return address.ascii().map(ascii -> {
            try {
                return new InternetAddress(ascii, address.name().orElse("Mail Delivery System"), "UTF-8");
            } catch (UnsupportedEncodingException e) {
                throw new IllegalStateException("every Java has UTF-8", e);
            }
        });
    }

    /** RET is about reports of failure; others return the header (RFC 3461 section 4.3). */
    private boolean returnsAll(Kind kind, QueuedMessage message) {
        return kind == Kind.FAILED && message.dsn().ret().filter(Return.FULL::equals).isPresent()
                && message.content().size() <= mostReturned.getAsLong();
    }

    private static MimeBodyPart part(String type, byte[] content) throws MessagingException {
        var part = new MimeBodyPart();
        part.setDataHandler(new DataHandler(new ByteArrayDataSource(content, type)));
        if (type.equals("message/rfc822")) {
            // Such a part is never encoded (RFC 2046 section 5.2.1).
            part.setHeader("Content-Transfer-Encoding", isAscii(content) ? "7bit" : "8bit");
        }
        return part;
    }

    private static boolean isAscii(byte[] content) {
        for (byte octet : content) {
            if (octet < 0) {
                return false;
            }
        }
        return true;
    }

    private String forPeople(Kind kind, QueuedMessage message, List<Entry> entries, boolean whole) {
        var text = new StringBuilder("This is the mail relay at " + hostName + ".\r\n\r\n"
                + "Your message " + message.id() + " " + kind.forPeople + "\r\n");
        for (Entry entry : entries) {
            text.append("\r\n<")
                    .append(entry.recipient.address())
                    .append(">\r\n    ")
                    .append(StatusFields.oneLine(entry.message))
                    .append(entry.replyClass.map(name -> " (" + name + ")").orElse(""))
                    .append("\r\n");
        }
        return text.append(whole ? "\r\nIt is attached.\r\n" : "\r\nIts header is attached.\r\n").toString();
    }

    private static byte[] all(QueuedMessage message) throws IOException {
        try (InputStream content = message.content().open()) {
            return content.readAllBytes();
        }
    }

    /** Up to the first empty line; what is beyond a bound is left out. */
    private static byte[] headers(QueuedMessage message) throws IOException {
        byte[] start;
        try (InputStream content = message.content().open()) {
            start = content.readNBytes(MOST_HEADERS);
        }
        String text = new String(start, StandardCharsets.ISO_8859_1);
        int end = text.startsWith("\r\n") ? 0 : text.indexOf("\r\n\r\n");
        int lastLine = text.lastIndexOf("\r\n");
        int length = end >= 0 ? (end == 0 ? 0 : end + 2) : Math.max(lastLine + 2, 0);
        return text.substring(0, Math.min(length, text.length())).getBytes(StandardCharsets.ISO_8859_1);
    }
}
