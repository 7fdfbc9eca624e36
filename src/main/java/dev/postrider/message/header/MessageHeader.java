package dev.postrider.message.header;

import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** The header of a message as it came, with the empty line that ends it if there is one. */
public final class MessageHeader {
    /** What is made of them takes many times their octets. */
    private static final int MOST_FIELDS = 10_000;
    private static final int MOST_OCTETS = 1024 * 1024;

    private final byte[] octets;

    private MessageHeader(byte[] octets) {
        this.octets = octets;
    }

    /**
     * Reads it, as all others do who look for fields.
     *
     * @throws MessageException with 5.3.4 if it has more than {@value #MOST_OCTETS} octets or {@value #MOST_FIELDS} fields
     */
    public static MessageHeader of(MessageContent message) throws IOException, MessageException {
        try (MessageLines lines = new MessageLines(message)) {
            HeaderFields fields = new HeaderFields(lines, FieldGrammar.LONGEST_LINE);
            int count = 0;
            while (fields.next()) {
                // Their octets are read below, at once.
                if (++count > MOST_FIELDS || fields.end() > MOST_OCTETS) {
                    throw MessageException.permanent("5.3.4", "its header has more than %d fields or %d octets (5.3.4)"
                            .formatted(MOST_FIELDS, MOST_OCTETS));
                }
            }
            long end = fields.isSeparated() ? lines.end() : fields.end();
            try (InputStream in = message.open()) {
                return new MessageHeader(in.readNBytes(Math.toIntExact(end)));
            }
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
