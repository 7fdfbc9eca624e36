package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.Dialogue;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ends of data that some server took for one, and another did not: SEC Consult, "SMTP Smuggling" (December 2023),
 * CVE-2023-51764 (Postfix), CVE-2023-51765 (Sendmail), CVE-2023-51766 (Exim), and what was found after them. A second
 * mail stands behind each. It must never come to be, and the first only if nothing in it is wrong.
 */
@Tag("relay")
final class SmugglingTest {
    private static final String ENVELOPE = "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n";
    private static final String SMUGGLED = "MAIL FROM:<admin@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n"
            + "Subject: two\r\n\r\nsmuggled";

    // @formatter:off A table of what stands in the data, and what is answered at its real end.
    private static final String ENDS = """
            \\n.\\n                ; 554 5.5.2
            \\n.\\r\\n             ; 554 5.5.2
            \\n.\\r                ; 554 5.5.2
            \\r.\\r                ; 554 5.5.2
            \\r.\\n                ; 554 5.5.2
            \\r.\\r\\n             ; 554 5.5.2
            \\r\\n.\\r             ; 554 5.5.2
            \\r\\n.\\n             ; 554 5.5.2
            \\r\\n.\\r\\r\\n       ; 554 5.5.2
            \\r\\n.\\n\\r\\n       ; 554 5.5.2
            \\n\\n.\\r\\n          ; 554 5.5.2
            \\n\\r.\\r\\n          ; 554 5.5.2
            \\r\\r.\\r\\n          ; 554 5.5.2
            \\r\\n\\n.\\r\\n       ; 554 5.5.2
            \\r\\n\\r.\\r\\n       ; 554 5.5.2
            \\r\\r\\n.\\r\\r\\n    ; 554 5.5.2
            \\n.\\r\\r\\n          ; 554 5.5.2
            \\n.\\n\\r\\n          ; 554 5.5.2
            \\n..\\r\\n            ; 554 5.5.2
            \\r\\n.\\r.\\r\\n      ; 554 5.5.2
            \\r\\n\\x00.\\r\\n     ; 554 5.6.0
            \\r\\n.\\x00\\r\\n     ; 554 5.6.0
            \\r\\x00\\n.\\r\\n     ; 554 5.5.2
            \\r\\n.\\r\\x00\\n     ; 554 5.5.2
            \\x00\\r\\n.\\x00\\n   ; 554 5.6.0
            \\r\\n..\\r\\n         ; 250 2.0.0
            \\r\\n. \\r\\n         ; 250 2.0.0
            \\r\\n.\\t\\r\\n       ; 250 2.0.0
            \\r\\n .\\r\\n         ; 250 2.0.0
            \\x0b.\\x0b            ; 250 2.0.0
            \\x0c.\\x0c            ; 250 2.0.0
            \\x85.\\x85            ; 250 2.0.0
            \\xc2\\x85.\\xc2\\x85  ; 250 2.0.0
            \\xe2\\x80\\xa8.\\xe2\\x80\\xa8 ; 250 2.0.0
            \\x8d\\x8a.\\x8d\\x8a  ; 250 2.0.0
            """;
    // @formatter:on

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = ENDS)
    void takesNothingForAnEndOfDataButTheOne(String escaped, String expected) throws Exception {
        var policy = new TestPolicy();
        try (var listener = policy.listener(SmtpLimits.DEFAULT);
                var client = Dialogue.connect(listener
                        .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                SmtpListener.Start.PLAIN))) {
            client.say("EHLO c");
            client.raw(ENVELOPE);
            for (String reply : List.of("250 2.1.0", "250 2.1.5", "354")) {
                assertThat(client.reply()).startsWith(reply);
            }
            client.raw("Subject: one\r\n\r\nfirst" + octets(escaped) + SMUGGLED);
            assertThat(client.say("\r\n.")).startsWith(expected);
            assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
            assertThat(client.mail("a@b.example", "x@y.example", "Subject: three\r\n\r\n")).startsWith("250");
        }
        assertOnlyWhatIsRight(policy, expected);
    }

    /** The whole session pipelined without waiting for any reply, and cut into segments of every kind. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = ENDS)
    void findsTheEndWhereverSegmentsEnd(String escaped, String expected) {
        byte[] session = ("EHLO c\r\n" + ENVELOPE + "Subject: one\r\n\r\nfirst" + octets(escaped) + SMUGGLED
                + "\r\n.\r\nNOOP\r\n" + ENVELOPE + "Subject: three\r\n\r\n.\r\nQUIT\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        for (int most : new int[]{1, 2, 3, 5, 7, 8192}) {
            var policy = new TestPolicy();
            String replies = InMemorySession.converse(policy.listener(SmtpLimits.DEFAULT), session, most);
            assertThat(replies.lines()
                    .filter(line -> line.charAt(3) == ' ')
                    .map(line -> line.substring(0, Math.min(9, line.length())))
                    .toList())
                    .as("segments of %d", most)
                    .containsExactly("220 mx.te", "250 HELP", "250 2.1.0", "250 2.1.5", "354 end t", expected,
                            "250 2.0.0", "250 2.1.0", "250 2.1.5", "354 end t", "250 2.0.0", "221 2.0.0");
            assertOnlyWhatIsRight(policy, expected);
        }
    }

    /** Where the data begins, a dot stands at the start of a line as well. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            .\\n          ; 554 5.5.2
            .\\r          ; 554 5.5.2
            .\\r\\r\\n    ; 554 5.5.2
            \\n.\\r\\n    ; 554 5.5.2
            .\\x00\\r\\n  ; 554 5.6.0
            ..\\r\\n      ; 250 2.0.0
            """)
    void takesNothingForAnEndAtTheStartOfData(String escaped, String expected) {
        byte[] session = ("EHLO c\r\n" + ENVELOPE + octets(escaped) + SMUGGLED + "\r\n.\r\nQUIT\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        var policy = new TestPolicy();
        assertThat(InMemorySession.converse(policy.listener(SmtpLimits.DEFAULT), session, 1))
                .contains("\r\n" + expected, "\r\n221 ");
        assertThat(policy.taken()).hasSize(expected.startsWith("250") ? 1 : 0);
    }

    /** BDAT is not offered; what a client sends after it all the same is never a message, and soon the session ends. */
    @ParameterizedTest
    @CsvSource({"BDAT 10 LAST", "BDAT 0 LAST", "BDAT -1", "BDAT 99999999999999999999 LAST"})
    void knowsNoBdat(String command) {
        byte[] session = ("EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\n" + command
                + "\r\nSubject: one\r\nQUIT\r\n").getBytes(StandardCharsets.ISO_8859_1);
        var policy = new TestPolicy();
        assertThat(InMemorySession.converse(policy.listener(SmtpLimits.DEFAULT), session, 8192))
                .contains("500 5.5.2 command not known\r\n500 5.5.2 command not known\r\n221 ")
                .doesNotContain("CHUNKING");
        assertThat(policy.taken()).isEmpty();
    }

    private static void assertOnlyWhatIsRight(TestPolicy policy, String expected) {
        List<String> subjects = policy.taken().stream().map(mail -> mail.content().lines().findFirst().get()).toList();
        assertThat(subjects).isEqualTo(expected.startsWith("250")
                ? List.of("Subject: one", "Subject: three")
                : List.of("Subject: three"));
        assertThat(policy.taken()).allSatisfy(mail -> assertThat(mail.submission().sender()).isEqualTo("a@b.example"));
    }

    private static String octets(String escaped) {
        return Pattern.compile("\\\\x([0-9a-f]{2})")
                .matcher(escaped.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t"))
                .replaceAll(match -> String.valueOf((char) Integer.parseInt(match.group(1), 16)));
    }
}
