package dev.postrider.notice;

import dev.postrider.message.MessageContent;
import dev.postrider.route.Address;
import dev.postrider.route.MailClass;
import jakarta.activation.DataHandler;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MailDateFormat;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParameterList;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.Date;
import java.util.Optional;
import java.util.Properties;
import java.util.TimeZone;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A mail of Postrider's own: plain text and HTML, and perhaps a file. The same texts make the same octets. */
final class ComposedMail {
    private static final Pattern MESSAGE_ID = Pattern.compile("[!-;=?-~]+@[!-;=?-~]+");
    private static final Pattern PRINTABLE = Pattern.compile("[!-~]([ -~]{0,253}[!-~])?");

    /**
     * What it says.
     *
     * @param language   of the texts, a BCP 47 tag
     * @param timeZone   of the Date field
     * @param mailClass  what it is for
     * @param attachment what comes with it
     */
    record Written(String subject, String language, ZoneId timeZone, String plain, String html,
            Optional<MailClass> mailClass, Optional<Attachment> attachment) {}

    /** @param content with its type */
    record Attachment(String name, ByteArrayDataSource content) {}

    private ComposedMail() {}

    /**
     * Writes the mail. Its lines end in CR LF. It is ASCII, unless an address is not.
     *
     * @throws IllegalArgumentException if an address, the Message-ID or the idempotency key is none
     */
    static MessageContent of(Written written, NoticeEnvelope envelope) {
        try {
            MimeMultipart alternative = new Parts("alternative");
            alternative.addBodyPart(text(written.plain(), "plain"));
            alternative.addBodyPart(text(written.html(), "html"));
            MimeMessage mail = header(written, envelope);
            mail.setContent(written.attachment().isPresent()
                    ? with(written.attachment().get(), alternative)
                    : alternative);
            mail.saveChanges();
            ByteArrayOutputStream octets = new ByteArrayOutputStream();
            mail.writeTo(octets);
            return MessageContent.of(octets.toByteArray());
        } catch (MessagingException | IOException e) {
            throw new IllegalStateException("a mail could not be composed: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("JavaUtilDate") // What Angus formats.
    private static MimeMessage header(Written written, NoticeEnvelope envelope) throws MessagingException {
        Properties settings = new Properties();
        settings.setProperty("mail.mime.allowutf8", String.valueOf(isInternational(envelope)));
        MimeMessage mail = new MimeMessage(Session.getInstance(settings)) {
            @Override
            protected void updateMessageID() throws MessagingException {
                setHeader("Message-ID", messageId(envelope.messageId()));
            }
        };
        mail.setFrom(internet(envelope.from()));
        if (envelope.replyTo().isPresent()) {
            mail.setReplyTo(new InternetAddress[]{internet(envelope.replyTo().get())});
        }
        mail.setRecipients(Message.RecipientType.TO,
                envelope.recipients().stream().map(ComposedMail::internet).toArray(InternetAddress[]::new));
        mail.setSubject(written.subject(), "UTF-8");
        MailDateFormat date = new MailDateFormat();
        date.setTimeZone(TimeZone.getTimeZone(written.timeZone()));
        mail.setHeader("Date", date.format(Date.from(envelope.date())));
        mail.setHeader("Content-Language", written.language());
        // RFC 3834 section 5: lets others know not to answer.
        mail.setHeader("Auto-Submitted", "auto-generated");
        if (envelope.idempotencyKey().isPresent()) {
            mail.setHeader(NoticeMail.IDEMPOTENCY_KEY, key(envelope.idempotencyKey().get()));
        }
        if (written.mailClass().isPresent()) {
            mail.setHeader(MailClass.FIELD, written.mailClass().get().text());
        }
        return mail;
    }

    private static MimeMultipart with(Attachment attachment, MimeMultipart alternative) throws MessagingException {
        MimeBodyPart text = new MimeBodyPart();
        text.setContent(alternative);
        MimeBodyPart file = new MimeBodyPart();
        file.setDataHandler(new DataHandler(attachment.content()));
        file.setFileName(attachment.name());
        file.setHeader("Content-Transfer-Encoding", "base64");
        MimeMultipart mixed = new Parts("mixed");
        mixed.addBodyPart(text);
        mixed.addBodyPart(file);
        return mixed;
    }

    private static MimeBodyPart text(String text, String subtype) throws MessagingException {
        String lines = text.replace("\n", "\r\n");
        MimeBodyPart part = new MimeBodyPart();
        part.setText(lines, "UTF-8", subtype);
        String shortest = MimeUtility.getEncoding(
                new ByteArrayDataSource(lines.getBytes(StandardCharsets.UTF_8), "text/" + subtype));
        // Never as it is, not even ASCII: encoded lines are short, and none can look like a boundary.
        part.setHeader("Content-Transfer-Encoding", shortest.equals("base64") ? "base64" : "quoted-printable");
        return part;
    }

    private static boolean isInternational(NoticeEnvelope envelope) {
        Stream<String> senders = Stream.concat(Stream.of(envelope.from()), envelope.replyTo().stream())
                .map(Address::address);
        return Stream.concat(senders, envelope.recipients().stream()).anyMatch(address -> !isAscii(address));
    }

    private static boolean isAscii(String text) {
        return StandardCharsets.US_ASCII.newEncoder().canEncode(text);
    }

    private static InternetAddress internet(Address address) {
        InternetAddress internet = internet(address.address());
        try {
            internet.setPersonal(address.name().map(NoticeWording::oneLine).orElse(null), "UTF-8");
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("every Java has UTF-8", e);
        }
        return internet;
    }

    private static InternetAddress internet(String address) {
        try {
            if (!NoticeWording.oneLine(address).equals(address)) {
                throw new AddressException("Control character", address);
            }
            return new InternetAddress(address, true);
        } catch (AddressException e) {
            throw new IllegalArgumentException("\"" + NoticeWording.oneLine(address) + "\" is no mail address: "
                    + e.getMessage(), e);
        }
    }

    private static String messageId(String id) {
        String bare = id.startsWith("<") && id.endsWith(">") ? id.substring(1, id.length() - 1) : id;
        if (!MESSAGE_ID.matcher(bare).matches()) {
            throw new IllegalArgumentException("\"" + NoticeWording.oneLine(id) + "\" is no Message-ID (RFC 5322)");
        }
        return "<" + bare + ">";
    }

    private static String key(String key) {
        if (!PRINTABLE.matcher(key).matches()) {
            throw new IllegalArgumentException(
                    "\"" + NoticeWording.oneLine(key) + "\" is no idempotency key: 1 to 255 printable characters");
        }
        return key;
    }

    /** Parts with a boundary that is in no encoded text (RFC 2045 section 6.7) and the same each time. */
    private static final class Parts extends MimeMultipart {
        Parts(String subtype) {
            ParameterList parameters = new ParameterList();
            parameters.set("boundary", "=_postrider_" + subtype);
            contentType = new ContentType("multipart", subtype, parameters).toString();
        }
    }
}
