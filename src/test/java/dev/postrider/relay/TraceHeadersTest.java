package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.smtp.DsnParameters;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("relay")
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
            String passed = pass(message, step, RelayConfiguration.DEFAULT.received(),
                    submission("client", "2001:db8::1"));
            String received = "Received: from client ([IPv6:2001:db8:0:0:0:0:0:1])|\tby relay.test (Postrider) with"
                    + " ESMTPA|\tid ID; Sun, 1 Mar 2026 12:00:00 +0000|";
            assertThat(passed).isEqualTo(received + expected.replaceFirst("D(?=I?\\||I?$)", DATE)
                    .replaceFirst("I(?=\\||$)", ID)
                    .replace("||I", "|"));
        }
    }

    private static Submission submission(String greeting, String address) {
        return new Submission(Optional.of("orders.shop"), InetAddress.ofLiteral(address), greeting, "ESMTPA",
                Optional.empty(), "a@b.example", List.of(Recipient.of("x@y.example"), Recipient.of("z@y.example")),
                false, false, DsnParameters.NONE);
    }

    private static String pass(String message, int step, RelayConfiguration.Received settings, Submission submission)
            throws Exception {
        var out = new ByteArrayOutputStream();
        byte[] octets = message.replace("|", "\r\n").getBytes(StandardCharsets.US_ASCII);
        var field = new ReceivedField("relay.test", "ID", Instant.parse("2026-03-01T12:00:00Z"),
                settings.clientAddress());
        try (var headers = new TraceHeaders(out, submission, field,
                new LoopDetection(settings, LoopDetection.by("relay.test")))) {
            for (int i = 0; i < octets.length; i += step) {
                headers.write(octets, i, Math.min(step, octets.length - i));
            }
            headers.finish();
        }
        return out.toString(StandardCharsets.US_ASCII).replace("\r\n", "|");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            client.test            ; 192.0.2.1   ; true  ; client.test ([192.0.2.1])
            [192.0.2.1]            ; 192.0.2.1   ; true  ; [192.0.2.1] ([192.0.2.1])
            client.test            ; 2001:db8::1 ; true  ; client.test ([IPv6:2001:db8:0:0:0:0:0:1])
            client.test            ; 192.0.2.1   ; false ; client.test
            [192.0.2.1]            ; 192.0.2.1   ; false ; unknown
            [IPv6:2001:db8::1]     ; 2001:db8::1 ; false ; unknown
            10.0.0.7               ; 192.0.2.1   ; false ; unknown
            ip-192-0-2-1.pod.local ; 192.0.2.1   ; false ; unknown
            """)
    void namesTheClient(String greeting, String address, boolean clientAddress, String from) throws Exception {
        String passed = pass("Subject: a||", 1000, TestSettings.received("{clientAddress: " + clientAddress + "}"),
                submission(greeting, address));
        assertThat(passed).startsWith(
                "Received: from " + from + "|\tby relay.test (Postrider) with ESMTPA|\tid ID; Sun, 1 Mar 2026");
    }

    /** At most three Received fields, and two of relay.test; R stands for one of another relay, O for one of its own. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '"', textBlock = """
            RRR|                            ; passes
            RRRR|                           ; more than 3 Received fields
            OO|                             ; passes
            OOO|                            ; come by here more than 2 times
            RRR||RRRR                       ; passes
            received : x|RRR|               ; more than 3 Received fields
            X-Received: x|RRR|              ; passes
            RRRSubject: Received: by x|     ; passes
            OOReceived: by relay.test.example| ; passes
            OOReceived: by not-relay.test|  ; passes
            OOReceived: from a|	by| RELAY.TEST with x| ; come by here more than 2 times
            OOSubject: by relay.test|       ; passes
            """)
    void refusesWhatGoesRoundInALoop(String message, String expected) throws Exception {
        String text = message
                .replaceAll("O(?=[OR|]|Received|Subject)", "Received: from a (b [192.0.2.1])|\tby relay.test (x); z|")
                .replaceAll("R(?=[OR|]|Subject)", "Received: from a by mx.example; z|");
        for (int step : new int[]{1, 7, 1000}) {
            if (expected.equals("passes")) {
                pass(text, step, TestSettings.received("{most: 3, mostOwn: 2}"), submission("c", "192.0.2.1"));
            } else {
                int octets = step;
                assertThatThrownBy(
                        () -> pass(text, octets, TestSettings.received("{most: 3, mostOwn: 2}"),
                                submission("c", "192.0.2.1")))
                        .isInstanceOf(IncomingMessage.RefusedException.class)
                        .hasMessageContaining(expected);
            }
        }
    }
}
