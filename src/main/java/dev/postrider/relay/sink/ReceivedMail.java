package dev.postrider.relay.sink;

import dev.postrider.relay.smtp.Submission;
import java.nio.charset.StandardCharsets;

/**
 * A mail that a sink took.
 *
 * @param submission who sent it, to whom, how
 * @param content    the message as it came, each octet a character of ISO 8859-1
 */
public record ReceivedMail(Submission submission, String content) {

    /** The message as it came. */
    public byte[] octets() {
        return content.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The message for people, read as UTF-8. */
    public String text() {
        return new String(octets(), StandardCharsets.UTF_8);
    }
}
