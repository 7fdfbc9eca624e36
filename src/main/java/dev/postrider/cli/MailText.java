package dev.postrider.cli;

import dev.postrider.cli.terminal.Terminal;
import dev.postrider.relay.sink.ReceivedMail;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayInputStream;
import java.io.UnsupportedEncodingException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * What people want to know of a mail that came in: the envelope, and who wrote about what.
 *
 * @param from    the From header, decoded
 * @param subject the Subject header, decoded
 */
record MailText(String from, String subject) {

    static MailText of(ReceivedMail mail) {
        try {
            MimeMessage message = new MimeMessage(Session.getInstance(new Properties()),
                    new ByteArrayInputStream(mail.octets()));
            return new MailText(addresses(message), Optional.ofNullable(message.getSubject()).orElse("(none)"));
        } catch (MessagingException e) {
            return new MailText("(cannot be read)", "(cannot be read)");
        }
    }

    private static String addresses(MimeMessage message) throws MessagingException {
        String raw = message.getHeader("From", ", ");
        if (raw == null) {
            return "(none)";
        }
        try {
            return Arrays.stream(InternetAddress.parseHeader(raw, false))
                    .map(InternetAddress::toUnicodeString)
                    .collect(Collectors.joining(", "));
        } catch (MessagingException e) {
            try {
                return MimeUtility.decodeText(raw);
            } catch (UnsupportedEncodingException unknown) {
                return raw;
            }
        }
    }

    /** Some lines: who sent it to whom, under which login and encryption, and the headers that people know. */
    static String describe(ReceivedMail mail, Terminal terminal) {
        MailText text = of(mail);
        var submission = mail.submission();
        return """
                %s %s
                  from     %s
                  envelope <%s> to %s
                  by       %s, %s, %s, %d octets""".formatted(terminal.strong("mail"), terminal.strong(text.subject()),
                Terminal.printable(text.from()), Terminal.printable(submission.sender()),
                submission.mailboxes()
                        .stream()
                        .map(to -> "<" + Terminal.printable(to) + ">")
                        .collect(Collectors.joining(", ")),
                submission.client().getHostAddress(),
                submission.user().map(user -> "logged in as " + Terminal.printable(user)).orElse("no login"),
                submission.tls().orElse("not encrypted"), mail.octets().length);
    }
}
