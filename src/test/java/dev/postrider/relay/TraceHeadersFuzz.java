package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.message.header.OverlongNameException;
import dev.postrider.relay.smtp.DsnParameters;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

/** Messages of any lines: what the relay adds is all that changes, wherever blocks of octets end. */
@Tag("relay")
final class TraceHeadersFuzz {
    private static final String RECEIVED = "Received: from c ([192.0.2.1])\r\n\tby relay.test (Postrider) with ESMTPA"
            + "\r\n\tid ID\r\n\tfor <x@y.example>; Sun, 1 Mar 2026 12:00:00 +0000\r\n";

    @DictionaryFile(resourcePath = "TraceHeaders.dict")
    @FuzzTest(maxDuration = "3s")
    void addsWhatIsMissingAndNothingElse(byte[] octets) throws IOException {
        // As the listener hands it over: only CR LF, at the end as well, and no NUL.
        String message = new String(octets, StandardCharsets.ISO_8859_1).replaceAll("[\r\u0000]", "")
                .replaceFirst("(?<=[^\n])\\z", "\n")
                .replace("\n", "\r\n");
        String passed = pass(message, 8192);
        assertThat(pass(message, 1)).isEqualTo(passed);
        if (passed.startsWith("554 ")) {
            assertThat(message.toLowerCase(Locale.ROOT).contains("received") || message.length() > 997).isTrue();
            return;
        }
        assertThat(passed).startsWith(RECEIVED);
        String rest = passed.substring(RECEIVED.length());
        int same = common(message, rest);
        // From the first difference on: Date, Message-ID, perhaps an empty line; then the rest as it was.
        for (int at = same; at >= 0; at--) {
            String added = rest.substring(at, at + rest.length() - message.length());
            if (message.equals(rest.substring(0, at) + rest.substring(at + added.length())) && added
                    .matches("(?:Date: Sun, 1 Mar 2026 12:00:00 \\+0000\r\n)?(?:Message-ID: <ID@relay.test>\r\n)?"
                            + "(?:\r\n)?")) {
                return;
            }
        }
        throw new AssertionError("changed more than it may: " + rest);
    }

    private static int common(String one, String other) {
        int length = 0;
        while (length < one.length() && length < other.length() && one.charAt(length) == other.charAt(length)) {
            length++;
        }
        return length;
    }

    private static String pass(String message, int most) throws IOException {
        var out = new ByteArrayOutputStream();
        var settings = TestSettings.received("{most: 3, mostOwn: 1}");
        var submission = new Submission(Optional.of("orders.shop"), InetAddress.ofLiteral("192.0.2.1"), "c", "ESMTPA",
                Optional.empty(), "a@b.example", List.of(Recipient.of("x@y.example")), true, false,
                DsnParameters.NONE);
        byte[] octets = message.getBytes(StandardCharsets.ISO_8859_1);
        try (var headers = new TraceHeaders(out, submission,
                new ReceivedField("relay.test", "ID", Instant.parse("2026-03-01T12:00:00Z"), true),
                new LoopDetection(settings, LoopDetection.by("relay.test")))) {
            for (int i = 0; i < octets.length; i += most) {
                headers.write(octets, i, Math.min(most, octets.length - i));
            }
            headers.finish();
        } catch (IncomingMessage.RefusedException e) {
            return "554 " + e.getMessage();
        } catch (OverlongNameException _) {
            return "554 a name beyond a line";
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
