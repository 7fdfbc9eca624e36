package dev.postrider.transport;

import dev.postrider.message.MessageContent;
import dev.postrider.route.Address;
import dev.postrider.route.TestMail;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;

/** A test mail as it goes out (RFC 5322), marked as sent by a machine (RFC 3834). */
final class ComposedTestMail implements MessageContent {
    private final byte[] bytes;
    private final boolean smtpUtf8;

    private ComposedTestMail(byte[] bytes, boolean smtpUtf8) {
        this.bytes = bytes;
        this.smtpUtf8 = smtpUtf8;
    }

    /**
     * Writes the mail.
     *
     * @throws IOException if an address cannot be written
     */
    static ComposedTestMail of(TestMail mail, Instant time) throws IOException {
        boolean international = Stream
                .concat(Stream.of(mail.from().address(), mail.envelopeFrom(), mail.recipient()),
                        mail.replyTo().stream().map(Address::address))
                .anyMatch(address -> !isAscii(address));
        Properties settings = new Properties();
        settings.setProperty("mail.mime.allowutf8", Boolean.toString(international));
        try {
            MimeMessage message = new MimeMessage(Session.getInstance(settings)) {
                @Override
                protected void updateMessageID() throws MessagingException {
                    setHeader("Message-ID", messageId(mail));
                }
            };
            message.setFrom(internet(mail.from()));
            if (mail.replyTo().isPresent()) {
                message.setReplyTo(new InternetAddress[]{internet(mail.replyTo().get())});
            }
            InternetAddress recipient = new InternetAddress();
            recipient.setAddress(mail.recipient());
            message.setRecipient(Message.RecipientType.TO, recipient);
            message.setSubject("Postrider test mail for " + mail.onBehalfOf(), "UTF-8");
            message.setSentDate(Date.from(time));
            message.setHeader("Auto-Submitted", "auto-generated");
            message.setText(text(mail), "UTF-8");
            message.saveChanges();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            message.writeTo(bytes);
            return new ComposedTestMail(bytes.toByteArray(), international);
        } catch (MessagingException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static InternetAddress internet(Address address) throws IOException {
        InternetAddress internet = new InternetAddress();
        internet.setAddress(address.address());
        internet.setPersonal(address.name().orElse(null), "UTF-8");
        return internet;
    }

    private static String messageId(TestMail mail) {
        String address = mail.from().address();
        String domain = address.substring(address.lastIndexOf('@') + 1);
        return "<" + UUID.randomUUID() + "@" + (isAscii(domain) ? domain : IDN.toASCII(domain)) + ">";
    }

    private static String text(TestMail mail) {
        return """
                This is a test mail of Postrider. It was sent on behalf of
                %s
                to see whether its mail server takes mail for delivery:
                %s

                The server took it, or you would not read this. There is nothing you need to do.
                """.formatted(mail.onBehalfOf(), mail.server().endpoint().display()).replace("\n", "\r\n");
    }

    private static boolean isAscii(String text) {
        return StandardCharsets.US_ASCII.newEncoder().canEncode(text);
    }

    /** Whether an address in it is not ASCII (RFC 6531). */
    boolean smtpUtf8() {
        return smtpUtf8;
    }

    /** Whether it holds octets above 127. */
    boolean eightBit() {
        for (byte octet : bytes) {
            if (octet < 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public InputStream open() {
        return new ByteArrayInputStream(bytes);
    }
}
