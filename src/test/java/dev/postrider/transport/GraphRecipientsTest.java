package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.message.MessageContent;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
final class GraphRecipientsTest {

    private static String read(MessageContent message) throws IOException {
        try (InputStream in = message.open()) {
            byte[] octets = in.readAllBytes();
            assertThat(message.size()).isEqualTo(octets.length);
            return new String(octets, StandardCharsets.UTF_8);
        }
    }

    private static String sent(String mail, String... recipients) throws IOException, RefusedException {
        List<GraphRecipients.Group> groups = GraphRecipients.of(Mails.envelope(recipients),
                Mails.bytes(mail.getBytes(StandardCharsets.UTF_8)));
        assertThat(groups).singleElement()
                .satisfies(group -> assertThat(group.recipients()).containsExactly(recipients));
        return read(groups.getFirst().message());
    }

    private static String mail(@Nullable String fields) {
        return "From: shop@contoso.com\r\n" + (fields == null ? "" : fields.replace(" / ", "\r\n") + "\r\n")
                + "Subject: hi\r\n\r\nTo: this is text\r\n";
    }

    /** All of it is in memory while a message is sent. */
    @ParameterizedTest
    @ValueSource(strings = {"a:b\r\n", "X-Long: lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
            + "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll\r\n"})
    @Tag("isolation")
    void aHeaderThatIsTooLargeIsRefused(String field) {
        assertThatThrownBy(() -> sent("To: a@x\r\n" + field.repeat(10_000) + "\r\ntext\r\n", "a@x"))
                .isInstanceOfSatisfying(RefusedException.class,
                        refused -> assertThat(refused.verdict().permanent()).isTrue())
                .hasMessageContaining("its header has more than 10000 fields or 1048576 octets");
    }

    /** They would be looked for again from each bracket to the end. */
    @ParameterizedTest
    @ValueSource(strings = {"(", "<", "a(", "\\(", "\"(", "(\"", "<(>", "<\"", "(a\\", "g:", "\" <", "(\"(\")", "<a@b>",
            "\\\"(\"",
            "a <b@c> (d), ", "@a,"})
    @Tag("isolation")
    void addressesAreReadInTimeThatGrowsWithTheirLength(String text) throws Exception {
        for (String end : new String[]{"", "\"", ")", ">"}) {
            String mail = "To: " + text.repeat(130_000 / text.length()) + end + "\r\n\r\ntext\r\n";
            var thread = ManagementFactory.getThreadMXBean();
            long start = thread.getCurrentThreadCpuTime();
            GraphRecipients.of(Mails.envelope("a@x"), Mails.text(mail));
            assertThat((thread.getCurrentThreadCpuTime() - start) / 1_000_000).as("ms, with " + end).isLessThan(3000);
        }
    }

    /** The fields of To, Cc and Bcc that go out; everything else is as it came in. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # header                               | envelope        | sent as
            # all that it names: as it is
            To: Ann <a@x>                          | a@x             | To: Ann <a@x>
            To: a@x / Cc: b@x / Bcc: c@x             | c@x b@x a@x     | To: a@x / Cc: b@x / Bcc: c@x
            To: team:a@x,b@x;                     | a@x b@x         | To: team:a@x,b@x;
            To: a@x / Cc: A@X                       | a@x             | To: a@x / Cc: A@X
            # more than it names: they go into Bcc
            To: a@x                                | a@x b@x c@x     | To: a@x / Bcc: b@x, c@x
            To: a@x / Bcc: b@x                      | a@x b@x c@x     | To: a@x / Bcc: b@x, c@x
            To: undisclosed-recipients:;          | a@x             | To: undisclosed-recipients:; / Bcc: a@x
                                                   | a@x             | Bcc: a@x
            # fewer than it names: the others are taken out
            To: a@x, Bob <b@x> / Cc: c@x            | a@x c@x         | To: a@x / Cc: c@x / Postrider-Original-To: a@x, Bob <b@x>
            To: a@x / Cc: b@x, c@x                  | a@x             | To: a@x / Postrider-Original-Cc: b@x, c@x
            To: a@x / Bcc: b@x                      | a@x             | To: a@x
            To: team:a@x,b@x;                     | b@x             | To: b@x / Postrider-Original-To: team:a@x,b@x;
            # others than it names
            To: a@x / Cc: b@x                       | c@x             | Postrider-Original-To: a@x / Postrider-Original-Cc: b@x / Bcc: c@x
            To: a@x / Bcc: b@x                      | c@x             | Postrider-Original-To: a@x / Bcc: c@x
            To: a@x, b@x / Bcc: d@x                 | b@x c@x d@x     | To: b@x / Postrider-Original-To: a@x, b@x / Bcc: d@x, c@x
            # what is no address is nobody
            To: Bob the Builder                    | b@x             | Postrider-Original-To: Bob the Builder / Bcc: b@x
            # quotes that one side writes, the other does not
            To: a..b@x, "c"@x                      | "a..b"@x c@x    | To: a..b@x, "c"@x
            # several fields of a name, names in other letters, encoded words, domains in two forms
            To: a@x / To: b@x                       | b@x             | To: b@x / Postrider-Original-To: a@x,b@x
            To: =?UTF-8?Q?J=C3=B6rg?= <a@x>, b@x   | a@x             | To: =?UTF-8?Q?J=C3=B6rg?= <a@x> / Postrider-Original-To: =?UTF-8?Q?J=C3=B6rg?= <a@x>, b@x
            To: a@bücher.example                   | a@xn--bcher-kva.example | To: a@bücher.example
            """)
    void namesExactlyTheRecipientsOfTheEnvelope(@Nullable String header, String envelope, String sentAs)
            throws Exception {
        String sent = sent(mail(header), envelope.split(" +", -1));

        List<String> lines = Arrays.asList(sent.split("\r\n\r\n", 2)[0].split("\r\n", -1));
        assertThat(lines).filteredOn(line -> line.matches("(?i)(To|Cc|Bcc|Postrider-.*):.*"))
                .containsExactlyInAnyOrder(sentAs.split(" / ", -1));
        assertThat(lines).contains("From: shop@contoso.com", "Subject: hi");
        assertThat(sent).endsWith("\r\n\r\nTo: this is text\r\n");
        if (sentAs.equals(header)) {
            assertThat(sent).isEqualTo(mail(header));
        }
    }

    @Test
    void changesNothingElseOfTheHeader() throws Exception {
        String mail = """
                Received: from a
                \tby b; Sun, 1 Mar 2026 12:00:00 +0000
                X-Odd:no space
                to: a@x,
                 b@x
                DKIM-Signature: v=1;
                  b=abc

                body
                """;

        assertThat(sent(mail.replace("\n", "\r\n"), "a@x")).isEqualTo("""
                Received: from a
                \tby b; Sun, 1 Mar 2026 12:00:00 +0000
                X-Odd:no space
                to: a@x
                DKIM-Signature: v=1;
                  b=abc
                Postrider-Original-To: a@x,
                 b@x

                body
                """.replace("\n", "\r\n"));
    }

    @Test
    void takesAMessageWithoutABody() throws Exception {
        assertThat(sent("From: shop@contoso.com\r\nTo: a@x\r\n", "b@x"))
                .isEqualTo("From: shop@contoso.com\r\nPostrider-Original-To: a@x\r\nBcc: b@x\r\n\r\n");
    }
}
