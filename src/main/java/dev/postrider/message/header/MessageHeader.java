package dev.postrider.message.header;

import dev.postrider.message.MessageContent;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetHeaders;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** The header of a message as it came, with the empty line that ends it. */
public final class MessageHeader {
    private final byte[] octets;

    private MessageHeader(byte[] octets) {
        this.octets = octets;
    }

    public static MessageHeader of(MessageContent message) throws IOException, MessagingException {
        try (InputStream in = new BufferedInputStream(message.open())) {
            Copying copying = new Copying(in);
            new InternetHeaders(copying);
            return new MessageHeader(copying.octets.toByteArray());
        }
    }

    /** Keeps what is read through it. */
    private static final class Copying extends InputStream {
        private final InputStream in;
        private final ByteArrayOutputStream octets = new ByteArrayOutputStream();

        Copying(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            int octet = in.read();
            if (octet >= 0) {
                octets.write(octet);
            }
            return octet;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = in.read(bytes, offset, length);
            octets.write(bytes, offset, Math.max(count, 0));
            return count;
        }
    }

    /** How many octets it has. */
    public int length() {
        return octets.length;
    }

    /** Its fields, to be changed at will. */
    public InternetHeaders fields() throws MessagingException {
        return new InternetHeaders(new ByteArrayInputStream(octets), true);
    }

    /** Its fields, each with its folds and without its last line end. */
    List<String> lines() throws MessagingException {
        return Collections.list(fields().getAllHeaderLines());
    }

    /** Fields as a header, with the empty line that ends it. */
    public static byte[] octets(List<String> lines) {
        return (String.join("", lines.stream().map(line -> line + "\r\n").toList()) + "\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
