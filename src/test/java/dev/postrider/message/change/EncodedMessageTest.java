package dev.postrider.message.change;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.Python;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages ({@code in.eml}) beside what a server gets that takes neither 8 bits nor long lines ({@code out.eml}). */
@Tag("delivery-world")
final class EncodedMessageTest {
    private static final Path CASES = Path.of("src/test/resources/dev/postrider/message/change/encoded");
    /** What another reader makes of two messages, and where that differs. */
    private static final String PROGRAM = """
            import base64, email, email.header, json, sys
            def text(octets):
                try: return octets.decode('utf-8')
                except UnicodeDecodeError: return octets.decode('windows-1252')
            def header(value):
                raw = str(value).encode('utf-8', 'surrogateescape')
                if max(raw, default=0) > 127: return ' '.join(text(raw).split())
                parts = email.header.decode_header(value)
                return ' '.join(''.join(p if isinstance(p, str) else p.decode(c or 'ascii') for p, c in parts).split())
            def read(octets):
                found = []
                for part in email.message_from_bytes(octets).walk():
                    names = ('Subject', 'From', 'References', 'X-Data', 'X-Trace', 'X-Note')
                    raw = dict((k.lower(), v) for k, v in part._headers)
                    found.append([part.get_content_type(), bool(part.get_filename()),
                        [header(raw[n.lower()]).replace('><', '> <') for n in names if n.lower() in raw],
                        None if part.is_multipart() else base64.b64encode(part.get_payload(decode=True)).decode()])
                return found
            for name, before, after in json.load(sys.stdin):
                a, b = (read(base64.b64decode(m)) for m in (before, after))
                print(name, 'the same' if a == b else 'differs: %s %s' % (a, b))
            """;

    static Stream<String> cases() throws IOException {
        try (Stream<Path> all = Files.list(CASES)) {
            return all.map(path -> path.getFileName().toString()).sorted().toList().stream();
        }
    }

    private static byte[] in(String name) throws IOException {
        String text = Files.readString(CASES.resolve(name).resolve("in.eml"), StandardCharsets.ISO_8859_1);
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] octets(MessageContent message) throws IOException {
        try (InputStream in = message.open()) {
            byte[] octets = in.readAllBytes();
            assertThat(octets).hasSize((int) message.size());
            return octets;
        }
    }

    private static Optional<byte[]> encoded(byte[] in, boolean sevenBit) throws IOException {
        try {
            return Optional.of(octets(EncodedMessage.of(MessageContent.of(in), sevenBit, true)));
        } catch (MessageException e) {
            return Optional.empty();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isEncodedOrRefusedByName(String name) throws IOException {
        byte[] in = in(name);
        String out;
        try {
            byte[] octets = octets(EncodedMessage.of(MessageContent.of(in), true, true));
            out = Arrays.equals(octets, in) ? "as it was\n" : new String(octets, StandardCharsets.UTF_8);
            assertThat(out).matches(text -> text.chars().allMatch(c -> c < 128), "7 bits");
        } catch (MessageException e) {
            out = "refused: " + e.status().orElseThrow() + " " + e.getMessage() + "\n";
        }
        GoldenFiles.check(CASES.resolve(name).resolve("out.eml"), out.replace("\r\n", "\n"), getClass());
    }

    @Test
    void isReadTheSameByAnotherProgram() throws IOException {
        Optional<Python> python = Python.with("email");
        if (python.isEmpty()) {
            return;
        }
        List<List<String>> told = new ArrayList<>();
        // Python looks into message/global without decoding it first.
        for (String name : cases().filter(name -> !name.startsWith("a-message-of-utf-8")).toList()) {
            byte[] in = in(name);
            for (boolean sevenBit : new boolean[]{true, false}) {
                encoded(in, sevenBit).ifPresent(out -> told.add(List.of(name + (sevenBit ? " in 7 bits" : ""),
                        Base64.getEncoder().encodeToString(in), Base64.getEncoder().encodeToString(out))));
            }
        }
        CommandResult result = python.get().run(PROGRAM, new ObjectMapper().writeValueAsString(told));
        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines().filter(line -> !line.endsWith(" the same"))).isEmpty();
        assertThat(result.out().lines()).hasSameSizeAs(told);
    }

    /** What a server with 8BITMIME gets: nothing but shorter lines, where there is a way to write them. */
    @ParameterizedTest
    @MethodSource("cases")
    void linesAreShortWithoutSevenBits(String name) throws IOException {
        byte[] in = in(name);
        byte[] out = encoded(in, false).orElseThrow();
        boolean stays = name.startsWith("signed-by") || name.startsWith("a-signed-part");
        if (stays) {
            assertThat(out).isEqualTo(in);
        }
        assertThat(new String(out, StandardCharsets.ISO_8859_1).lines()
                .filter(line -> !line.contains("https://x.example/lll"))
                .mapToInt(String::length)
                .max()
                .orElse(0)).isLessThan(stays ? Integer.MAX_VALUE : 999);
    }

    /** They are in memory while a server takes its time, for each of its connections. */
    @ParameterizedTest
    @CsvSource({"2, true", "9, false"})
    @Tag("isolation")
    void fieldsOfOneMessageThatChangeTakeLittleMemory(int fields, boolean encodes) throws IOException {
        String mail = ("X-Note: " + "\u00fc".repeat(8000) + "\r\n").repeat(fields) + "\r\n";
        assertThat(encoded(mail.getBytes(StandardCharsets.ISO_8859_1), true).isPresent()).isEqualTo(encodes);
        String longLines = ("To: " + "ann@x.example, ".repeat(4000) + "ann@x.example\r\n").repeat(fields) + "\r\n";
        assertThat(new String(encoded(longLines.getBytes(StandardCharsets.US_ASCII), false).orElseThrow(),
                StandardCharsets.US_ASCII).lines().filter(line -> line.length() > 998)).as("stay as they are")
                .hasSize(fields - 2);
    }

    private static Map<String, byte[]> octets() {
        byte[] all = new byte[10_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (i * 31 + i / 256);
        }
        return Map.of("nothing", new byte[0], "every octet", all, "blanks", " \t \r\n \t".repeat(400)
                .getBytes(
                        StandardCharsets.US_ASCII),
                "hyphens", ("x".repeat(75) + "-".repeat(5000)).getBytes(
                        StandardCharsets.US_ASCII));
    }

    /** Independent of where the blocks end, and as the JDK and Angus read it. */
    @ParameterizedTest
    @CsvSource({"QUOTED_PRINTABLE,quoted-printable", "BASE64,base64"})
    void anEncodingIsReadAsTheOctetsThatItIsOf(TransferEncoding encoding, String name) throws Exception {
        for (Map.Entry<String, byte[]> octets : octets().entrySet()) {
            byte[] made;
            try (InputStream in = encoding.of(new ByteArrayInputStream(octets.getValue()))) {
                made = in.readAllBytes();
            }
            assertThat(encoding.sizeOf(new ByteArrayInputStream(octets.getValue()))).isEqualTo(made.length);
            String text = new String(made, StandardCharsets.ISO_8859_1);
            assertThat(text.lines()).allMatch(line -> line.length() <= 76 && !line.startsWith("--"));
            try (InputStream decoded = MimeUtility
                    .decode(new ByteArrayInputStream(made), name)) {
                assertThat(decoded.readAllBytes()).as(octets.getKey()).isEqualTo(octets.getValue());
            }
        }
    }
}
