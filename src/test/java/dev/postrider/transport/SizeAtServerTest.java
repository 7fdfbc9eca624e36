package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.Oversize;
import dev.postrider.message.Shrinking;
import dev.postrider.message.Splitting;
import dev.postrider.testing.EximServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.TestCertificates;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages at the limits that servers announce, and at those that they have. */
@Tag("promises")
final class SizeAtServerTest {
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final String HEADER = "From: a@x.test\r\nSubject: it\r\nMessage-ID: <1@x.test>\r\n\r\n";
    private static final String LINE = "x".repeat(998) + "\r\n";

    private static MessageContent mail(int lines) {
        return Mails.text(HEADER + LINE.repeat(lines));
    }

    private static Oversize split() {
        return new Splitting(Optional.empty(), "06FJ3Q0K5T8W2X1Y@relay.test");
    }

    private static Attempt send(int port, Oversize oversize, MessageContent mail, String... recipients) {
        try (Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                .to(Mails.route(Mails.plain(port)))) {
            return upstream.send(new Envelope("a@example.com", List.of(recipients), false, false, DsnRequest.NONE,
                    Map.of(), Optional.of(oversize)), mail);
        }
    }

    private static Verdict.Refused refused(Attempt attempt, String recipient) {
        return attempt.verdicts().get(recipient) instanceof Verdict.Refused refused
                ? refused
                : fail("not refused: " + attempt);
    }

    @Test
    void partsFitIntoAPostfixWithItsDefaultLimit() {
        Optional<PostfixServer> installed = PostfixServer.startIfInstalled(CA.server("localhost"));
        assumeTrue(installed.isPresent(), "no Postfix here, or not root: not tried");
        try (PostfixServer postfix = installed.orElseThrow()) {
            Attempt attempt = send(postfix.port(), split(), mail(21_000), "all@postfix.test");

            assertThat(attempt.verdicts().get("all@postfix.test")).as(postfix::log)
                    .isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.dialogue()).contains("250-SIZE 10240000").doesNotContain("S: 552");
            await().untilAsserted(() -> assertThat(postfix.mails()).hasSize(3)
                    .allSatisfy(part -> assertThat(part).contains("total=3")));
        }
    }

    @Test
    void aMessageThatPostfixWouldRefuseAtItsEndIsSplitOrLinked() {
        Optional<PostfixServer> installed = PostfixServer.startIfInstalled(CA.server("localhost"),
                List.of("message_size_limit = 1024000"));
        assumeTrue(installed.isPresent(), "no Postfix here, or not root: not tried");
        MessageContent mail = Mails.text(HEADER + LINE.repeat(1023) + "x".repeat(850) + "\r\n");
        assertThat(mail.size()).isBetween(1_023_000L, 1_024_000L);
        try (PostfixServer postfix = installed.orElseThrow()) {
            Attempt whole = send(postfix.port(), new Shrinking(Optional.empty(), _ -> mail), mail, "all@postfix.test");
            assertThat(refused(whole, "all@postfix.test").message()).contains("552 5.3.4");

            Attempt parts = send(postfix.port(), split(), mail, "all@postfix.test");
            assertThat(parts.verdicts().get("all@postfix.test")).isInstanceOf(Verdict.Accepted.class);
            assertThat(parts.dialogue()).doesNotContain("S: 552");

            Attempt linked = send(postfix.port(),
                    new Shrinking(Optional.empty(), most -> mail.size() > most ? mail(1) : mail), mail,
                    "all@postfix.test");
            assertThat(linked.verdicts().get("all@postfix.test")).isInstanceOf(Verdict.Accepted.class);
            assertThat(linked.dialogue()).doesNotContain("S: 552");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # message_size_limit | lines of 1,000 octets | messages
            1M                   | 2500                  | 3
            1M                   | 1000                  | 1
            300K                 | 500                   | 2
            """)
    void partsFitIntoAnExim(String limit, int lines, int messages) {
        Optional<EximServer> installed = EximServer.startIfInstalled(CA.server("localhost"),
                "message_size_limit = " + limit);
        assumeTrue(installed.isPresent(), "no Exim here, or not root: not tried");
        try (EximServer exim = installed.orElseThrow()) {
            Attempt attempt = send(exim.port(), split(), mail(lines), "all@exim.test");

            assertThat(attempt.verdicts().get("all@exim.test")).as(exim::log).isInstanceOf(Verdict.Accepted.class);
            assertThat(attempt.dialogue()).doesNotContain("S: 552");
            await().untilAsserted(() -> assertThat(Pattern.compile("<= a@example\\.com").matcher(exim.log()).results())
                    .hasSize(messages));
        }
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            # announced   | its refusal of more than 400,000 octets                          | organization's | parts
            SIZE 10000000 | 552 5.3.4 Error: message file too big                            |                | 5
            SIZE 10000000 | 552 Message size exceeds maximum permitted                       |                | 5
            SIZE 10000000 | 552 sorry, that message size exceeds my databytes limit (#5.3.4) |                | 5
            SIZE 10000000 | 552 5.2.3 Message is too large; 400000 bytes max                 |                | 3
            SIZE 950000   | 554 5.3.4 Message too big                                        |                | 5
            SIZE          | 552 5.3.4 Error: message file too big                            | 500000         | 5
            PIPELINING    | 552 5.3.4 Error: message file too big                            |                | 5
            """)
    // @formatter:on
    void whatAServerRefusesForItsSizeIsTriedSmaller(String announced, String reply, @Nullable Long most, int parts) {
        try (var server = ScriptedSmtpServer.start().offer(announced)) {
            server.on("MESSAGE", text -> text.length() > 400_000 ? reply : "");

            Attempt attempt = send(server.port(), new Splitting(Optional.ofNullable(most), "1@relay.test"), mail(1_000),
                    "b@x.test");

            assertThat(attempt.verdicts().get("b@x.test")).as(attempt::toString).isInstanceOf(Verdict.Accepted.class);
            assertThat(server.messages().stream().map(SizeAtServerTest::number))
                    .containsExactlyElementsOf(
                            IntStream.rangeClosed(1, parts).mapToObj(part -> part + " of " + parts).toList());
        }
    }

    private static String number(ScriptedSmtpServer.Received part) {
        return part.text().replaceFirst("(?s).*?number=(\\d+); total=(\\d+).*", "$1 of $2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # lines | refusal                                     | times
            1000    | 552 5.2.2 Mailbox full                      | 1
            1000    | 552 5.7.0 This message was blocked          | 1
            1000    | 552 5.6.0 Headers too large                 | 1
            1000    | 554 5.7.1 Spam                              | 1
            1000    | 452 4.3.4 Too large for now                 | 1
            100     | 552 5.3.4 Message size exceeds fixed limit  | 1
            1000    | 552 5.3.4 Message size exceeds fixed limit  | 4
            """)
    void whatIsRefusedForAnotherReasonOrIsSmallIsNotTriedAgain(int lines, String reply, int times) {
        try (var server = ScriptedSmtpServer.start()) {
            server.on("MESSAGE", reply);

            Attempt attempt = send(server.port(), split(), mail(lines), "b@x.test");

            assertThat(refused(attempt, "b@x.test").reply().orElseThrow().text()).isEqualTo(reply);
            assertThat(server.commands().stream().filter(line -> line.equals("DATA"))).hasSize(times);
        }
    }

    @Test
    void onlyWhoDidNotGetItGetsSmallerParts() {
        try (var server = ScriptedSmtpServer.start().offer("SIZE 700000")) {
            AtomicLong size = new AtomicLong();
            server.on("MAIL", line -> {
                size.set(Long.parseLong(line.replaceFirst(".*SIZE=", "")));
                return "";
            });
            server.on("RCPT", line -> line.contains("small@") && size.get() > 400_000
                    ? "552 5.2.3 too large for this mailbox"
                    : "");

            Attempt attempt = send(server.port(), split(), mail(1_000), "b@x.test", "small@x.test");

            assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
            assertThat(server.messages()).extracting(part -> number(part) + " " + part.recipients())
                    .containsExactly("1 of 2 [b@x.test]", "2 of 2 [b@x.test]", "1 of 3 [small@x.test]",
                            "2 of 3 [small@x.test]", "3 of 3 [small@x.test]");
        }
    }

    @Test
    void aConnectionRemembersWhatItsServerRefused() {
        try (var server = ScriptedSmtpServer.start();
                Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                        .to(Mails.route(Mails.plain(server.port())))) {
            server.on("MESSAGE", text -> text.length() > 600_000 ? "552 5.3.4 too big" : "");
            Envelope envelope = new Envelope("a@example.com", List.of("b@x.test"), false, false, DsnRequest.NONE,
                    Map.of(), Optional.of(split()));

            upstream.send(envelope, mail(1_000));
            assertThat(upstream.send(envelope, mail(1_000)).dialogue()).doesNotContain("552");

            assertThat(server.messages()).hasSize(6);
        }
    }

    @Test
    void attachmentsBecomeLinksOnceTheMessageIsRefusedForItsSize() {
        try (var server = ScriptedSmtpServer.start().offer("SIZE")) {
            server.on("MESSAGE", text -> text.length() > 600_000 ? "552 5.3.4 too big" : "");
            MessageContent large = mail(1_000);

            Attempt attempt = send(server.port(),
                    new Shrinking(Optional.empty(), most -> large.size() > most ? mail(2) : large), large, "b@x.test");

            assertThat(attempt.verdicts().get("b@x.test")).isInstanceOf(Verdict.Accepted.class);
            assertThat(server.messages()).singleElement()
                    .satisfies(mail -> assertThat(mail.text()).isEqualTo(HEADER + LINE.repeat(2)));
        }
    }

    @Test
    void whatCannotBeMadeSmallerIsToldWithTheServersRefusal() {
        try (var server = ScriptedSmtpServer.start()) {
            server.on("MESSAGE", "552 5.3.4 too big");
            String eightBit = HEADER + "\u00e4\r\n" + LINE.repeat(1_000);

            Attempt attempt = send(server.port(), split(), Mails.text(eightBit), "b@x.test");

            assertThat(refused(attempt, "b@x.test").message()).contains("552 5.3.4 too big", "octets above 127");
        }
    }

    @Test
    void whatCannotBeMadeSmallerMayFillWhatTheServerAnnounces() {
        String eightBit = HEADER + "\u00e4\r\n" + LINE.repeat(1_000);
        try (var server = ScriptedSmtpServer.start().offer("SIZE " + eightBit.length())) {
            Attempt attempt = send(server.port(), split(), Mails.text(eightBit), "b@x.test");

            assertThat(attempt.verdicts().get("b@x.test")).isInstanceOf(Verdict.Accepted.class);
        }
    }

    /** Parts must be of 7 bits (RFC 2046 section 5.2.2), whatever the server takes. */
    @Test
    @Tag("delivery-world")
    void aMessageBeyondAsciiIsEncodedBeforeItIsSplit() throws Exception {
        String eightBit = HEADER + "\u00e4\r\n" + LINE.repeat(2_000);
        try (var server = ScriptedSmtpServer.start().offer("8BITMIME", "SIZE 100000");
                Upstream upstream = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY)
                        .to(Mails.route(Mails.plain(server.port())))) {
            Envelope envelope = new Envelope("a@example.com", List.of("b@x.test"), true, false, DsnRequest.NONE,
                    Map.of(), Optional.of(split()));

            assertThat(upstream.send(envelope, Mails.text(eightBit)).verdicts().get("b@x.test"))
                    .isInstanceOf(Verdict.Accepted.class);
            assertThat(server.messages()).hasSizeGreaterThan(1)
                    .allMatch(part -> part.text().chars().allMatch(c -> c < 128))
                    .allMatch(part -> part.text().contains("message/partial"));
        }
    }
}
