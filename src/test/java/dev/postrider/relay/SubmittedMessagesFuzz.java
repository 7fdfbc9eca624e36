package dev.postrider.relay;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.testing.Cost;
import org.junit.jupiter.api.Tag;

/** Messages that begin with any octets and repeat others: taking them costs no more than their size allows. */
@Tag("isolation")
final class SubmittedMessagesFuzz {
    private static final int SIZE = 256 * 1024;

    @DictionaryFile(resourcePath = "SenderFields.dict")
    @FuzzTest(maxDuration = "3s")
    void costsWhatItsSizeAllows(byte[] octets) throws Exception {
        byte[] message = Cost.repeated(octets, SIZE);
        for (SubmittedMessages way : SubmittedMessages.values()) {
            way.measured(message);
        }
    }
}
