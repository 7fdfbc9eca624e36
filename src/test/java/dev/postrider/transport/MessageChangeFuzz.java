package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;

/**
 * Messages that begin with any octets and repeat others: whatever is made of them costs no more than their size allows.
 */
@Tag("isolation")
final class MessageChangeFuzz {
    private static final int SIZE = 256 * 1024;
    /** Between what begins the message and what it repeats. */
    private static final byte SEPARATOR = 0;

    @DictionaryFile(resourcePath = "MessageChange.dict")
    @FuzzTest(maxDuration = "3s")
    void costsWhatItsSizeAllows(byte[] octets) throws Exception {
        int end = 0;
        while (end < octets.length && octets[end] != SEPARATOR) {
            end++;
        }
        byte[] start = lines(octets, 0, end);
        byte[] unit = lines(octets, Math.min(end + 1, octets.length), octets.length);
        byte[] message = MessageChange.repeated(start, unit, SIZE);
        for (MessageChange change : MessageChange.values()) {
            assertThat(change.measured(message)).doesNotStartWith("again");
        }
    }

    /** As the listener hands it over: only CR LF, and no NUL. */
    private static byte[] lines(byte[] octets, int from, int to) {
        return new String(octets, from, to - from, StandardCharsets.ISO_8859_1).replaceAll("[\r\u0000]", "")
                .replace("\n", "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
