package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.smtp.MailDate;
import dev.postrider.transport.MessageContent;
import dev.postrider.transport.Reply;
import jakarta.activation.DataHandler;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/** Composes the report of failed delivery (RFC 3464, in a multipart/report of RFC 6522). */
final class Bounce {
    private static final int MOST_HEADERS = 64 * 1024;
    private static final int MOST_DIAGNOSTIC = 900;

    /**
     * A recipient that was given up.
     *
     * @param status  enhanced status code (RFC 3463)
     * @param reply   the server's, if it came to one
     * @param message for people
     */
    record Failure(String address, String host, String status, Optional<Reply> reply, String message) {}

    private final String hostName;

    Bounce(String hostName) {
        this.hostName = hostName;
    }

    /** @throws IOException if the message's header cannot be read */
    MessageContent compose(QueuedMessage message, List<Failure> failures, Instant now) throws IOException {
        boolean utf8 = message.smtpUtf8();
        Charset charset = utf8 ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
        try {
            var report = new MimeMultipart("report; report-type=" + (utf8 ? "global-" : "") + "delivery-status");
            var text = new MimeBodyPart();
            text.setText(forPeople(message, failures), charset.name());
            report.addBodyPart(text);
            report.addBodyPart(part(utf8 ? "message/global-delivery-status" : "message/delivery-status",
                    forPrograms(message, failures).getBytes(charset)));
            report.addBodyPart(part(utf8 ? "message/global-headers" : "text/rfc822-headers", headers(message)));

            var properties = new Properties();
            properties.setProperty("mail.mime.allowutf8", String.valueOf(utf8));
            var mail = new MimeMessage(Session.getInstance(properties)) {
                @Override
                protected void updateMessageID() throws MessagingException {
                    setHeader("Message-ID", "<" + message.id() + ".bounce@" + hostName + ">");
                }
            };
            mail.setHeader("From", "Mail Delivery System <MAILER-DAEMON@" + hostName + ">");
            mail.setHeader("To", "<" + message.sender() + ">");
            mail.setSubject("Undelivered Mail Returned to Sender");
            mail.setHeader("Date", MailDate.of(now));
            // RFC 3834 section 5: lets others know not to answer.
            mail.setHeader("Auto-Submitted", "auto-replied");
            mail.setContent(report);
            var octets = new ByteArrayOutputStream();
            mail.writeTo(octets);
            return new InMemory(octets);
        } catch (MessagingException e) {
            throw new IOException("a bounce could not be composed: " + e.getMessage(), e);
        }
    }

    private record InMemory(ByteArrayOutputStream octets) implements MessageContent {
        @Override
        public long size() {
            return octets.size();
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(octets.toByteArray());
        }
    }

    private static MimeBodyPart part(String type, byte[] content) throws MessagingException {
        var part = new MimeBodyPart();
        part.setDataHandler(new DataHandler(new ByteArrayDataSource(content, type)));
        return part;
    }

    private String forPeople(QueuedMessage message, List<Failure> failures) {
        var text = new StringBuilder("This is the mail relay at " + hostName + ".\r\n\r\n"
                + "Your message " + message.id() + " could not be delivered to:\r\n");
        for (Failure failure : failures) {
            text.append("\r\n<")
                    .append(failure.address)
                    .append(">\r\n    ")
                    .append(oneLine(failure.message))
                    .append("\r\n");
        }
        return text.append("\r\nIts header is attached.\r\n").toString();
    }

    private String forPrograms(QueuedMessage message, List<Failure> failures) {
        var text = new StringBuilder("Reporting-MTA: dns; " + hostName + "\r\n"
                + "Arrival-Date: "
                + MailDate.of(message.received()) + "\r\n");
        for (Failure failure : failures) {
            text.append("\r\nFinal-Recipient: ")
                    .append(message.smtpUtf8() ? "utf-8; " : "rfc822; ")
                    .append(failure.address)
                    .append("\r\nAction: failed\r\nStatus: ")
                    .append(failure.status)
                    .append("\r\nRemote-MTA: dns; ")
                    .append(failure.host)
                    .append("\r\n");
            failure.reply.ifPresent(
                    reply -> text.append("Diagnostic-Code: smtp; ").append(oneLine(reply.text())).append("\r\n"));
        }
        return text.toString();
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

    private static String oneLine(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= MOST_DIAGNOSTIC ? line : line.substring(0, MOST_DIAGNOSTIC) + "...";
    }
}
