package dev.postrider.cli;

import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/** A mail as somebody reads it: decoded, the headers that mail programs show, then the text. */
final class ReadableMail {
    private final byte[] octets;
    private final MimeMessage message;
    private final List<Part> leaves = new ArrayList<>();

    private ReadableMail(byte[] octets) throws MessagingException, IOException {
        this.octets = octets;
        Properties settings = new Properties();
        settings.setProperty("mail.mime.allowutf8", "true");
        message = new MimeMessage(Session.getInstance(settings), new ByteArrayInputStream(octets));
        collect(message);
    }

    private void collect(Part part) throws MessagingException, IOException {
        if (part.getContent() instanceof Multipart parts) {
            for (int i = 0; i < parts.getCount(); i++) {
                collect(parts.getBodyPart(i));
            }
        } else {
            leaves.add(part);
        }
    }

    /** @throws IOException if these octets are no mail */
    static ReadableMail of(byte[] octets) throws IOException {
        try {
            return new ReadableMail(octets);
        } catch (MessagingException e) {
            throw new IOException("the mail cannot be read: " + e.getMessage(), e);
        }
    }

    byte[] octets() {
        return octets;
    }

    /** Its HTML, with lines ended by LF; empty if it has none. */
    String html() throws IOException {
        return body("text/html");
    }

    String forPeople() throws IOException {
        try {
            StringBuilder text = new StringBuilder();
            for (String name : List.of("From", "Reply-To", "To")) {
                String addresses = addresses(name);
                if (!addresses.isEmpty()) {
                    text.append(name).append(": ").append(addresses).append('\n');
                }
            }
            text.append("Date: ").append(message.getHeader("Date", null)).append('\n');
            text.append("Subject: ").append(message.getSubject()).append("\n\n").append(body("text/plain"));
            for (Part part : leaves) {
                if (part.getFileName() != null) {
                    text.append("\n[attached: ").append(part.getFileName()).append("]\n");
                }
            }
            return text.toString();
        } catch (MessagingException e) {
            throw new IOException("the mail cannot be read: " + e.getMessage(), e);
        }
    }

    private String addresses(String header) throws MessagingException {
        String raw = message.getHeader(header, ", ");
        return raw == null
                ? ""
                : Arrays.stream(InternetAddress.parseHeader(raw, false))
                        .map(InternetAddress::toUnicodeString)
                        .collect(Collectors.joining(", "));
    }

    private String body(String type) throws IOException {
        try {
            for (Part part : leaves) {
                if (part.isMimeType(type)) {
                    return String.valueOf(part.getContent()).replace("\r\n", "\n");
                }
            }
            return "";
        } catch (MessagingException e) {
            throw new IOException("the mail cannot be read: " + e.getMessage(), e);
        }
    }
}
