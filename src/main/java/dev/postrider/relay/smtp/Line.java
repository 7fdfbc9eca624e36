package dev.postrider.relay.smtp;

import java.nio.charset.StandardCharsets;

/** What came where a command line was due. */
sealed interface Line {

    /** A line, without its CR LF. SMTPUTF8 (RFC 6531) makes it UTF-8; what is not, shows as U+FFFD and is refused. */
    record Text(String text, int octets) implements Line {
        static Text of(byte[] buffer, int length) {
            return new Text(new String(buffer, 0, length, StandardCharsets.UTF_8), length);
        }
    }

    /** A line longer than allowed; it was read up to its end. */
    record TooLong() implements Line {}

    /** A CR or LF alone, a NUL, or no end in sight: where the next command starts cannot be known. */
    record Broken() implements Line {}

    /** The client is gone. */
    record End() implements Line {}
}
