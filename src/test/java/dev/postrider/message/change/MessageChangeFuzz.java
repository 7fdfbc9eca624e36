package dev.postrider.message.change;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.testing.Cost;
import org.junit.jupiter.api.Tag;

/**
 * Messages that begin with any octets and repeat others: whatever is made of them costs no more than their size allows.
 */
@Tag("isolation")
final class MessageChangeFuzz {
    private static final int SIZE = 256 * 1024;

    @DictionaryFile(resourcePath = "MessageChange.dict")
    @FuzzTest(maxDuration = "3s")
    void costsWhatItsSizeAllows(byte[] octets) throws Exception {
        byte[] message = Cost.repeated(octets, SIZE);
        for (MessageChange change : MessageChange.values()) {
            assertThat(change.measured(message)).doesNotStartWith("again");
        }
    }
}
