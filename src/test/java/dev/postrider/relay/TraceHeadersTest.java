package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.smtp.Submission;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TraceHeadersTest {
    private static final String DATE = "Date: Sun, 1 Mar 2026 12:00:00 +0000|";
    private static final String ID = "Message-ID: <ID@relay.test>|";

    /** A bar stands for CR LF; D and I for the fields that are added. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            Subject: a||body|                       ; Subject: a|DI|body|
            Subject: a|                             ; Subject: a|DI
            ''                                      ; DI
            |body|                                  ; DI|body|
            Date: x|Message-ID: <y>||body|          ; Date: x|Message-ID: <y>||body|
            DATE : x|message-id:<y>||body|          ; DATE : x|message-id:<y>||body|
            Subject: a| folded: b|Date: x||Date: no ; Subject: a| folded: b|Date: x|I|Date: no
            X-Date: x||                             ; X-Date: x|DI|
            no header at all|more|                  ; DI|no header at all|more|
            Subject: a|broken line|rest|            ; Subject: a|DI|broken line|rest|
             folded at the start|                   ; DI|folded at the start|
            """)
    void addsWhatIsMissing(String message, String expected) throws Exception {
        for (int step : new int[]{1, 2, 7, 1000}) {
            var out = new ByteArrayOutputStream();
            var submission = new Submission(Optional.of("orders.shop"), InetAddress.ofLiteral("2001:db8::1"), "client",
                    "ESMTPA", Optional.empty(), "a@b.example", List.of("x@y.example", "z@y.example"), false, false);
            byte[] octets = message.replace("|", "\r\n").getBytes(StandardCharsets.US_ASCII);
            try (var headers = new TraceHeaders(out, submission, "relay.test", "ID",
                    Instant.parse("2026-03-01T12:00:00Z"))) {
                for (int i = 0; i < octets.length; i += step) {
                    headers.write(octets, i, Math.min(step, octets.length - i));
                }
                headers.finish();
            }
            String received = "Received: from client ([IPv6:2001:db8:0:0:0:0:0:1])|\tby relay.test (Postrider) with"
                    + " ESMTPA|\tid ID; Sun, 1 Mar 2026 12:00:00 +0000|";
            assertThat(out.toString(StandardCharsets.US_ASCII).replace("\r\n", "|"))
                    .isEqualTo(received + expected.replaceFirst("D(?=I?\\||I?$)", DATE)
                            .replaceFirst("I(?=\\||$)", ID)
                            .replace("||I", "|"));
        }
    }
}
