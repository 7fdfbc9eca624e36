package dev.postrider.relay;

import static dev.postrider.testing.Cost.repeated;

import dev.postrider.testing.GoldenFiles;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Messages that are made to be dear at submission: each is taken within its bounds, or refused by name. */
@Tag("isolation")
final class HostileSubmissionsTest {
    private static final int MIB = 1 << 20;
    private static final Path EXPECTED = Path.of("src/test/resources/dev/postrider/relay/hostile-submissions.txt");
    private static final String FROM = "From: a@b.example\r\n";

    private static String field(String name, String unit) {
        return name + ": " + unit.repeat(16_000 / unit.length()) + "a@b.example\r\n";
    }

    private static Map<String, byte[]> messages() {
        Map<String, byte[]> messages = new LinkedHashMap<>();
        messages.put("a million fields", repeated(FROM, "A:b\r\n", 5 * MIB));
        messages.put("100,000 fields that are almost senders", repeated(FROM, "From x:\r\n", MIB));
        messages.put("100,000 fields whose names are followed by blanks", repeated(FROM, "From :\r\n", MIB));
        messages.put("100,000 From fields", repeated("", FROM, MIB));
        messages.put("100,000 Resent-From fields", repeated(FROM, "Resent-From:\r\n", MIB));
        messages.put("100,000 fields for the relay",
                repeated(FROM, "Postrider-Idempotency-Key:1\r\nPostrider-Class:x\r\n", MIB));
        messages.put("100,000 Received fields", repeated(FROM, "Received:by\r\n", MIB));
        messages.put("100,000 To and Content fields", repeated(FROM, "To:b\r\nContent-X:b\r\n", MIB));
        messages.put("one field of 20 MiB, folded", repeated(FROM + "Subject: x", "\r\n x", 20 * MIB));
        messages.put("From of 1 MiB, folded", repeated("From: x", "\r\n x", MIB));
        messages.put("a field of the relay's of 1 MiB, folded",
                repeated(FROM + "Postrider-Class: x", "\r\n x", MIB));
        messages.put("one line of 50 MiB", repeated("", "x", 50 * MIB));
        messages.put("a name of 1 MiB", repeated(FROM, "From", MIB));
        messages.put("comments in comments", repeated("From: ", "(", 16_000));
        messages.put("fields of comments in comments", repeated(FROM, field("Resent-From", "("), MIB));
        messages.put("100,000 addresses in From", repeated("From: a@b.example", ",a@b.example", MIB));
        messages.put("100,000 addresses in To", repeated(FROM + "To: a@b.example", ",a@b.example", MIB));
        messages.put("fields of addresses", repeated(FROM, field("Resent-From", "a@b,"), MIB));
        messages.put("fields of addresses that are allowed",
                repeated(FROM, field("Resent-From", "a@x.c99.example,"), MIB));
        messages.put("fields of international addresses",
                repeated(FROM, field("Resent-From", "a@\u00c3\u00bc,"), MIB));
        messages.put("fields of encoded words that do not end",
                repeated(FROM, field("Resent-From", "=?utf-8?q?x"), MIB));
        messages.put("fields of encoded words", repeated(FROM, field("Resent-From", "=?utf-8?q?x?="), MIB));
        messages.put("fields of encoded words in many charsets",
                repeated(FROM, field("Resent-From", "=?utf-8?q??==?koi8-r?b??==?big5?q??="), MIB));
        messages.put("fields of quoted strings", repeated(FROM, field("Resent-Sender", "\"\\\\\""), MIB));
        messages.put("fields of dots", repeated(FROM, field("Resent-Sender", "a."), MIB));
        messages.put("fields of names that are written anew",
                repeated(FROM, "Resent-From: " + "\u00fc".repeat(870) + " <a@b.example>\r\n", MIB));
        messages.put("fields of names that are too long for that",
                repeated(FROM, "Resent-From: " + "[".repeat(16_000) + "<a@b.example>\r\n", MIB));
        messages.put("fields of addresses in another case",
                repeated(FROM, "Resent-From: " + "A@b.example,".repeat(1_300) + "A@b.example\r\n", MIB));
        return messages;
    }

    @Test
    void areTakenOrRefusedByNameWithinTheirBounds() throws Exception {
        StringBuilder ended = new StringBuilder();
        for (Map.Entry<String, byte[]> message : messages().entrySet()) {
            ended.append(message.getKey()).append('\n');
            for (SubmittedMessages way : SubmittedMessages.values()) {
                ended.append("  %-10s | %s\n".formatted(way, way.measured(message.getValue())));
            }
        }
        GoldenFiles.check(EXPECTED, ended.toString(), getClass());
    }
}
