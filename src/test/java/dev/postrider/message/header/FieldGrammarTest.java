package dev.postrider.message.header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.message.MessageContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same octets, pushed through a filter, pulled line by line, and read for Graph, have the same fields. */
@Tag("delivery-world")
final class FieldGrammarTest {
    private static final String SEVENTY_SEVEN = "X-" + "n".repeat(75);

    /** Writes down what it finds. */
    private static final class Found extends HeaderFilter {
        private final List<String> fields = new ArrayList<>();
        private final StringBuilder body = new StringBuilder();

        Found() {
            super(OutputStream.nullOutputStream());
        }

        @Override
        protected void field(String name, byte[] start, int count) {
            end();
            body.append(name).append('=');
        }

        @Override
        protected void body(byte[] octets, int offset, int count) {
            body.append(new String(octets, offset, count, StandardCharsets.ISO_8859_1));
        }

        @Override
        protected void endOfHeader(boolean separated) {
            end();
            fields.add(separated ? "." : "!");
        }

        private void end() {
            if (!body.isEmpty()) {
                fields.add(body.toString());
                body.setLength(0);
            }
        }
    }

    private static List<String> pushed(byte[] message, int block) throws IOException {
        Found found = new Found();
        for (int i = 0; i < message.length; i += block) {
            found.write(message, i, Math.min(block, message.length - i));
        }
        found.finish();
        return found.fields;
    }

    private static List<String> pulled(byte[] message) throws IOException {
        List<String> found = new ArrayList<>();
        try (MessageLines lines = new MessageLines(MessageContent.of(message))) {
            HeaderFields fields = new HeaderFields(lines, 64 * 1024);
            while (fields.next()) {
                found.add(fields.name() + "=" + new String(fields.body(), StandardCharsets.ISO_8859_1));
            }
            found.add(fields.isSeparated() || !fields.isFollowed() ? "." : "!");
        }
        return found;
    }

    private static List<String> forGraph(byte[] message) throws Exception {
        return Collections.list(MessageHeader.of(MessageContent.of(message)).fields().getAllHeaders())
                .stream()
                .map(header -> header.getName().strip().toLowerCase(Locale.ROOT))
                .toList();
    }

    /** {@code ~} is a line end, {@code N} a name of 77 octets, {@code L} one of 997. The end is {@code .} or {@code !}. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"From: a~To: b~~x              | from= a~ ; to= b~ ; .",
            "N: a~To: b~~x                 | N= a~ ; to= b~ ; .", "L: a~To: b~~x                 | L= a~ ; to= b~ ; .",
            "From : a~to\t: b~~           | from= a~ ; to= b~ ; .",
            "From: a~ b~\tc~To: d~~       | from= a~ b~\tc~ ; to= d~ ; .",
            "From x: a~~                   | from x= a~ ; .", "From: a~~To: b~~              | from= a~ ; .",
            "From: a~no field~To: b~~      | from= a~ ; !", "From: a~\u00fcml: b~To: c~~   | from= a~ ; !",
            "From: a~:b~~                  | from= a~ ; !", "' folded: a~From: b~~'        | !",
            "From: a                       | from= a ; .", "From: a~                      | from= a~ ; .",
            "~From: a~~                    | .", "From:~ ~To: b~~               | from=~ ~ ; to= b~ ; .",
            "From: \u00fc~~                | from= \u00fc~ ; .", "A::b~~                        | a=:b~ ; ."})
    void isTheSameForAllWhoRead(String text, String expected) throws Exception {
        String named = text.replace("N", SEVENTY_SEVEN).replace("L", "l".repeat(FieldGrammar.LONGEST_NAME));
        byte[] message = named.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        List<String> fields = List.of(expected.replace("N", SEVENTY_SEVEN.toLowerCase(Locale.ROOT))
                .replace("L", "l".repeat(FieldGrammar.LONGEST_NAME))
                .replace("~", "\r\n")
                .split(" ; "));
        assertThat(pushed(message, message.length)).isEqualTo(fields);
        assertThat(pushed(message, 1)).isEqualTo(fields);
        assertThat(pulled(message)).isEqualTo(fields);
        assertThat(forGraph(message)).isEqualTo(
                fields.stream()
                        .filter(field -> field.contains("="))
                        .map(field -> field.replaceAll("(?s)=.*", ""))
                        .toList());
    }

    @Test
    void aNameThatALineHasNoRoomForIsRefusedAndNotTakenForTheBody() {
        byte[] message = ("From: a\r\n" + "n".repeat(998) + ": b\r\nTo: c\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> pushed(message, 100)).isInstanceOf(OverlongNameException.class)
                .hasMessageContaining("field name of more than 997 octets");
    }

    @Test
    void aLongLineOfWordsIsTextThatSomebodyForgotToDivide() throws IOException {
        byte[] message = ("From: a\r\n" + "some words ".repeat(100) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        assertThat(pushed(message, 100)).isEqualTo(List.of("from= a\r\n", "!")).isEqualTo(pulled(message));
    }

    @Test
    void whatIsPushedComesOutWhole() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] message = (SEVENTY_SEVEN + ": a\r\n" + "n".repeat(500) + " no field\r\nbody\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        HeaderFilter filter = new HeaderFilter(out) {
            @Override
            protected void field(String name, byte[] start, int count) throws IOException {
                out.write(start, 0, count);
            }

            @Override
            protected void body(byte[] octets, int offset, int count) throws IOException {
                out.write(octets, offset, count);
            }

            @Override
            protected void endOfHeader(boolean separated) {
                // All of it passes.
            }
        };
        for (byte octet : message) {
            filter.write(octet);
        }
        filter.finish();
        assertThat(out.toByteArray()).isEqualTo(message);
    }
}
