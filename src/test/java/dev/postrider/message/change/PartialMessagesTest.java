package dev.postrider.message.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.Splitting;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer.Received;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Mails;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("upstreams")
final class PartialMessagesTest {
    private static final String ID = "06FJ3Q0K5T8W2X1Y@relay.test";
    private static final String HEADER = """
            Received: from a
            \tby b; Sun, 1 Mar 2026 12:00:00 +0000
            From: Shop <shop@example.com>
            MIME-Version: 1.0
            To: ann@example.com
            Subject: =?UTF-8?Q?K=C3=A4se?=
             and more
            Message-ID: <original@example.com>
            Content-Type: application/pdf;
             name=scan.pdf
            X-Odd:no space
            Content-Transfer-Encoding: base64

            """.replace("\n", "\r\n");

    private static String mail(int octets) {
        byte[] scan = new byte[octets];
        new Random(octets).nextBytes(scan);
        return HEADER + ".\r\n" + Base64.getMimeEncoder().encodeToString(scan) + "\r\n\r\n";
    }

    private static String read(MessageContent content) throws IOException {
        try (InputStream in = content.open()) {
            byte[] octets = in.readAllBytes();
            assertThat(content.size()).isEqualTo(octets.length);
            return new String(octets, StandardCharsets.ISO_8859_1);
        }
    }

    private static List<String> parts(String mail, long most) throws Exception {
        List<String> parts = new ArrayList<>();
        for (MessageContent part : PartialMessages.of(Mails.text(mail), most, ID)) {
            parts.add(read(part));
        }
        return parts;
    }

    private static String body(String message) {
        return message.substring(message.indexOf("\r\n\r\n") + 4);
    }

    /** The fields of a header, folds and all. */
    private static List<String> fields(String message) {
        String header = message.substring(0, message.indexOf("\r\n\r\n") + 2);
        return Pattern.compile("(?<=\r\n)(?![ \t])").splitAsStream(header).toList();
    }

    private static boolean isInside(String field) {
        return field.matches("(?is)(Content-.*|Subject|Message-ID|Encrypted|MIME-Version) *:.*");
    }

    /** As RFC 2046 section 5.2.2.1 says, word for word. */
    private static String reassembled(List<String> parts) {
        String inner = parts.stream().map(PartialMessagesTest::body).collect(Collectors.joining());
        return fields(parts.getFirst()).stream().filter(field -> !isInside(field)).collect(Collectors.joining())
                + fields(inner).stream().filter(PartialMessagesTest::isInside).collect(Collectors.joining()) + "\r\n"
                + body(inner);
    }

    @ParameterizedTest
    @CsvSource({"100, 100000, 1", "3000, 3000, 2", "200000, 65536, 5", "200000, 100000, 3", "1000000, 65536, 22"})
    void divideAMessageSoThatNoPartIsTooLargeAndNothingIsLost(int octets, long most, int count) throws Exception {
        String mail = mail(octets);

        List<String> parts = parts(mail, most);

        assertThat(parts).hasSize(count).allSatisfy(part -> assertThat(part).hasSizeLessThanOrEqualTo((int) most));
        assertThat(parts.stream().map(PartialMessagesTest::body).collect(Collectors.joining())).isEqualTo(mail);
        String whole = reassembled(parts);
        assertThat(body(whole)).isEqualTo(body(mail));
        assertThat(fields(whole)).containsExactlyInAnyOrderElementsOf(fields(mail));
    }

    @Test
    void saysInItsHeaderWhichPartItIs() throws Exception {
        List<String> parts = parts(mail(200_000), 100_000);

        assertThat(parts.get(1)).startsWith("""
                Received: from a
                \tby b; Sun, 1 Mar 2026 12:00:00 +0000
                From: Shop <shop@example.com>
                To: ann@example.com
                X-Odd:no space
                Subject: =?UTF-8?Q?K=C3=A4se?=
                 and more (part 2 of 3)
                Message-ID: <part2.06FJ3Q0K5T8W2X1Y@relay.test>
                MIME-Version: 1.0
                Content-Type: message/partial; id="06FJ3Q0K5T8W2X1Y@relay.test";
                \tnumber=2; total=3

                """.replace("\n", "\r\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Subject: a\r\n\r\nGr\u00fc\u00dfe\r\n", "Subject: Gr\u00fc\u00dfe\r\n\r\ntext\r\n"})
    void doNotCarryOctetsAbove127(String mail) {
        assertThatThrownBy(() -> parts(mail + "x".repeat(70) + "\r\n", 600)).isInstanceOfSatisfying(
                MessageException.class, e -> {
                    assertThat(e.status()).contains("5.6.3");
                    assertThat(e.getMessage()).contains("quoted-printable or base64");
                });
    }

    @Test
    void areNotMadeOfALineThatIsLargerThanAPart() {
        assertThatThrownBy(() -> parts("Subject: a\r\n\r\n" + "x".repeat(2000) + "\r\n", 1000))
                .hasMessageContaining("a line of it, or its header, is larger than a part may be");
    }

    // Over SMTP.

    private static Attempt send(ScriptedSmtpServer server, String mail, Optional<Long> most, String... recipients) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(server.port())))) {
            return upstream.send(new Envelope("a@example.com", List.of(recipients), false, false, DsnRequest.NONE,
                    Map.of(), Optional.of(new Splitting(most, ID))), Mails.text(mail));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # the server announces | the organization's limit | messages
            SIZE 100000            | 70000                    | 4
            SIZE 71500             | 100000                   | 4
            SIZE 71500             |                          | 4
            SIZE                   | 70000                    | 4
            SIZE 0                 | 70000                    | 4
            SIZE 10000000          |                          | 1
            SIZE 10000000          | 10000000                 | 1
            """)
    void areAsLargeAsBothServerAndOrganizationAllow(String announced, Long limit, int messages) {
        try (var server = ScriptedSmtpServer.start()) {
            server.offer(announced);
            String mail = mail(200_000);

            Attempt attempt = send(server, mail, Optional.ofNullable(limit), "b@example.com");

            assertThat(attempt.verdicts().get("b@example.com")).isInstanceOf(Verdict.Accepted.class);
            assertThat(server.connections()).isEqualTo(1);
            List<String> texts = server.messages()
                    .stream()
                    .map(received -> new String(received.bytes(), StandardCharsets.ISO_8859_1))
                    .toList();
            assertThat(texts).hasSize(messages);
            assertThat(messages == 1
                    ? texts.getFirst()
                    : texts.stream().map(PartialMessagesTest::body).collect(Collectors.joining())).isEqualTo(mail);
        }
    }

    @Test
    void goToNobodyWhoDidNotGetTheOnesBefore() {
        try (var server = ScriptedSmtpServer.start()) {
            server.offer("SIZE 100000");
            server.on("RCPT", line -> line.contains("full@") && !server.messages().isEmpty() ? "452 4.2.2 full" : "");

            Attempt attempt = send(server, mail(200_000), Optional.empty(), "b@x.test", "full@x.test");

            assertThat(attempt.verdicts().get("b@x.test")).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.verdicts().get("full@x.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                    refused -> assertThat(refused.step()).isEqualTo(Step.RecipientRejected));
            assertThat(server.messages()).extracting(Received::recipients)
                    .containsExactly(List.of("b@x.test", "full@x.test"), List.of("b@x.test"), List.of("b@x.test"));
        }
    }

    @Test
    void goOverAnotherConnectionWhereAServerClosesAfterEachMessage() {
        try (var server = ScriptedSmtpServer.start()) {
            server.offer("SIZE 100000");
            server.on("RSET", ScriptedSmtpServer.CLOSE);
            server.on("MAIL", line -> server.messages().size() == server.connections() ? ScriptedSmtpServer.CLOSE : "");

            Attempt attempt = send(server, mail(200_000), Optional.empty(), "b@x.test");

            assertThat(attempt.verdicts().get("b@x.test")).isInstanceOf(Verdict.Accepted.class);
            assertThat(server.messages()).hasSize(3);
            assertThat(server.connections()).isEqualTo(3);
        }
    }

    @Test
    void areNotMadeWhereNobodyAskedForThem() {
        try (var server = ScriptedSmtpServer.start()) {
            server.offer("SIZE 100000");
            server.on("MAIL", "552 5.3.4 Message size exceeds fixed limit");
            try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                    .to(Mails.route(Mails.plain(server.port())))) {
                Attempt attempt = upstream.send(Mails.envelope("b@x.test"), Mails.text(mail(200_000)));
                assertThat(attempt.verdicts().get("b@x.test")).isInstanceOfSatisfying(Verdict.Refused.class,
                        refused -> {
                            assertThat(refused.permanent()).isTrue();
                            assertThat(refused.message()).contains("refused a message of 27", "552 5.3.4",
                                    "spec.limits.whenTooLarge");
                        });
            }
        }
    }
}
