package dev.postrider.message.change;

import dev.postrider.testing.Cost;
import dev.postrider.testing.GoldenFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Messages that are made to be dear: each change is made of them within its bounds, or refused by name. */
@Tag("isolation")
final class HostileMessagesTest {
    private static final int MIB = 1 << 20;
    private static final String MIXED = "From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: multipart/mixed; boundary=";

    private static final Path EXPECTED = Path
            .of("src/test/resources/dev/postrider/message/change/hostile-messages.txt");

    private static Map<String, byte[]> messages() {
        Map<String, byte[]> messages = new LinkedHashMap<>();
        String folds = ("y".repeat(900) + "\r\n ").repeat(1100);
        messages.put("a boundary of 1,000,000 characters",
                Cost.repeated(MIXED + "\r\n " + folds + "\r\n\r\n", "-\r\n", 3 * MIB));
        messages.put("a boundary of 71 characters",
                Cost.repeated(MIXED + "b".repeat(71) + "\r\n\r\n", "--" + "b".repeat(71) + "\r\n", 2 * MIB));
        messages.put("200,000 parts", Cost.repeated(MIXED + "b\r\n\r\n", "--b\r\n\r\n\r\n", 2 * MIB));
        messages.put("parts in parts, 5,000 deep", ascii(MIXED + "b0\r\n\r\n" + IntStream.range(0, 5000)
                .mapToObj(i -> "--b" + i + "\r\nContent-Type: multipart/mixed; boundary=b" + (i + 1) + "\r\n\r\n")
                .collect(Collectors.joining())));
        messages.put("99 open parts and lines like all their boundaries",
                Cost.repeated(MIXED + "b0\r\n\r\n" + IntStream.range(0, 98)
                        .mapToObj(
                                i -> "--b" + i + "\r\nContent-Type: multipart/mixed; boundary=b" + (i + 1) + "\r\n\r\n")
                        .collect(Collectors.joining()), "--b\r\n--\r\n--b9--x\r\n", 2 * MIB));
        messages.put("400,000 fields", Cost.repeated("From: a@example.com\r\n", "A:b\r\n", 2 * MIB));
        messages.put("400,000 fields beyond ASCII",
                Cost.repeated("From: a@example.com\r\n", "A:\u00c3\u00bc\r\n", 2 * MIB));
        messages.put("400,000 fields that are signed", Cost.repeated("From: a@example.com\r\n", "To:b\r\n", 2 * MIB));
        messages.put("400,000 fields of the content",
                Cost.repeated("From: a@example.com\r\n", "Content-ID:b\r\n", 2 * MIB));
        messages.put("one line of 50 MiB", Cost.repeated("From: a@example.com\r\n\r\n", "-", 50 * MIB));
        messages.put("2 MiB of line ends", Cost.repeated("From: a@example.com\r\n\r\n", "\n", 2 * MIB));
        messages.put("63,600 octets of header",
                Cost.repeated("From: a@example.com\r\n" + ("X: " + "x".repeat(991) + "\r\n").repeat(64) + "\r\n",
                        "x".repeat(70) + "\r\n", 10 * MIB));
        messages.put("a field of 60,000 commas and quotes",
                ascii("From: a@example.com\r\nTo: \u00c3\u00bc" + "\",<(".repeat(15_000) + "\r\n\r\n"));
        messages.put("a List-Id of 60,000 characters",
                ascii("From: a@example.com\r\nList-Id: \u00c3\u00bc" + "a".repeat(60_000) + ",\r\n\r\n"));
        messages.put("a type with 4,000 parameters",
                ascii("From: a@example.com\r\nContent-Type: text/plain; x=\u00c3\u00bc"
                        + IntStream.range(0, 4_000).mapToObj(i -> ";x*" + i + "=1").collect(Collectors.joining())
                        + "\r\n\r\n"));
        messages.put("one line of 2 MiB beyond ASCII",
                Cost.repeated("From: a@example.com\r\n\r\n", "\u00c3\u00bc", 2 * MIB));
        messages.put("200,000 parts beyond ASCII", Cost.repeated(MIXED + "b\r\n\r\n", "--b\r\n\r\n\u00fc\r\n",
                2 * MIB));
        messages.put("2 MiB of bare CR and blanks beyond ASCII",
                Cost.repeated("From: a@example.com\r\n\r\n\u00fc", "\r \t=", 2 * MIB));
        messages.put("messages in messages, 20,000 deep",
                Cost.repeated("From: a@example.com\r\n", "Content-Type: message/rfc822\r\n\r\n", 2 * MIB));
        messages.put("a Subject of 60,000 characters",
                ascii("From: a@example.com\r\nSubject: " + "=?u?q?".repeat(10_000) + "\r\n\r\n"));
        messages.put("60 fields of 32,000 commas, quotes and parentheses", ascii("From: a@example.com\r\n"
                + ("To: " + "(\",<".repeat(8_000) + "\r\n").repeat(60) + "\r\n"));
        return messages;
    }

    @Test
    void areDoneOrRefusedByNameWithinTheirBounds() throws Exception {
        StringBuilder ended = new StringBuilder();
        for (Map.Entry<String, byte[]> message : messages().entrySet()) {
            ended.append(message.getKey()).append('\n');
            for (MessageChange change : MessageChange.values()) {
                String how = change.measured(message.getValue());
                ended.append("  %-10s | %s\n".formatted(change, how));
            }
        }
        GoldenFiles.check(EXPECTED, ended.toString(), getClass());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
