package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("relay")
final class SubmissionFieldsTest {
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /** A bar stands for CR LF, K for the name of the key's field, T for a valid trace. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            message                          ; passes                     ; key     ; trace
            Subject: a||body|                ; Subject: a||body|          ; none    ; none
            K: order 17|Subject: a||body|    ; Subject: a||body|          ; order 17; none
            Subject: a|K:order 17 ||K: body| ; Subject: a||K: body|       ; order 17; none
            k: order|   17|Subject: a||      ; Subject: a||               ; order   17; none
            K : x|                           ; ''                         ; x       ; none
            K: x                             ; ''                         ; x       ; none
            K:|Subject: a||                  ; Subject: a||               ; refused ; none
            K: x|K: x||                      ; |                          ; refused ; none
            K: caf\u00e9||                   ; |                          ; refused ; none
            X-K: x||                         ; X-K: x||                   ; none    ; none
            no header|K: x|                  ; no header|K: x|            ; none    ; none
            |K: x|                           ; |K: x|                     ; none    ; none
            traceparent: T|Subject: a||      ; traceparent: T|Subject: a||; none    ; T
            TraceParent:T||                  ; TraceParent:T||            ; none    ; T
            traceparent: T|traceparent: T||  ; traceparent: T|traceparent: T||; none; none
            traceparent: 00-0||              ; traceparent: 00-0||        ; none    ; none
            """, useHeadersInDisplayName = true)
    void readsWhatIsForTheRelay(String message, String passes, String key, String trace) throws Exception {
        for (int step : new int[]{1, 2, 7, 1000}) {
            var out = new ByteArrayOutputStream();
            SubmissionFields fields = pass(message, step, out);
            assertThat(out.toString(StandardCharsets.ISO_8859_1)).isEqualTo(text(passes));
            assertThat(key(fields)).isEqualTo(key);
            assertThat(fields.traceParent().orElse("none")).isEqualTo(trace.replace("T", TRACE));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            message                                     ; passes                 ; class
            Subject: a||Postrider-Class: alerts|        ; Subject: a||Postrider-Class: alerts|; none
            Postrider-Class: alerts|Subject: a||        ; Subject: a||           ; ALERTS
            POSTRIDER-CLASS:|  Usage-Report |Subject: a||; Subject: a||          ; USAGE_REPORT
            Postrider-Class: alerts, notifications||    ; |                      ; refused
            Postrider-Class: alert\u017f||              ; |                      ; refused
            Postrider-Class: alerts|Postrider-Class:||  ; |                      ; refused
            """, useHeadersInDisplayName = true)
    void readsTheClass(String message, String passes, String mailClass) throws Exception {
        for (int step : new int[]{1, 2, 7, 1000}) {
            var out = new ByteArrayOutputStream();
            SubmissionFields fields = pass(message, step, out);
            assertThat(out.toString(StandardCharsets.ISO_8859_1)).isEqualTo(text(passes));
            assertThat(mailClass(fields)).isEqualTo(mailClass);
        }
    }

    private static String mailClass(SubmissionFields fields) {
        try {
            return fields.mailClass().map(Enum::name).orElse("none");
        } catch (RefusedException e) {
            return "refused";
        }
    }

    @Test
    void aKeyHasAtMost255Characters() throws Exception {
        for (int length : new int[]{255, 256, 100_000}) {
            SubmissionFields fields = pass("K: " + "x".repeat(length) + "||", 100, new ByteArrayOutputStream());
            assertThat(key(fields)).isEqualTo(length == 255 ? "x".repeat(255) : "refused");
        }
    }

    private static String key(SubmissionFields fields) {
        try {
            return fields.idempotencyKey().orElse("none");
        } catch (RefusedException e) {
            return "refused";
        }
    }

    private static String text(String pattern) {
        return pattern.replaceAll("(?i)(?<![a-z])k(?= ?:)", SubmissionFields.KEY_FIELD)
                .replaceAll("(?<=: ?)T(?=\\|)", TRACE)
                .replace("|", "\r\n");
    }

    private static SubmissionFields pass(String message, int step, ByteArrayOutputStream out) throws Exception {
        var fields = new SubmissionFields(out);
        byte[] octets = text(message).getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < octets.length; i += step) {
            fields.write(octets, i, Math.min(step, octets.length - i));
        }
        fields.finish();
        return fields;
    }
}
