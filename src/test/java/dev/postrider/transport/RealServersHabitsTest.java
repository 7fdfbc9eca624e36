package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.testing.EximServer;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Postfix and Exim with habits that are set by their configuration: what they refuse at first reaches them in the end. */
@Tag("delivery-world")
final class RealServersHabitsTest {
    private static final TestCertificates.Server CERTIFICATE = new TestCertificates("Test CA").server("localhost");
    private static final String TEXT = "Gr\u00fc\u00dfe von uns allen";
    private static final String UMLAUTS = """
            From: a@x.test
            Subject: hello
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            %s
            """.formatted(TEXT).replace("\n", "\r\n");
    private static final String LONG_LINE = "From: a@x.test\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/html; charset=us-ascii\r\n\r\n<p>" + "x ".repeat(2500) + "</p>\r\n";

    private Optional<? extends AutoCloseable> server = Optional.empty();

    @AfterEach
    void stop() throws Exception {
        if (server.isPresent()) {
            server.get().close();
        }
    }

    private PostfixServer postfix(String... settings) {
        Optional<PostfixServer> started = PostfixServer.startIfInstalled(CERTIFICATE, List.of(settings));
        server = started;
        assumeTrue(started.isPresent(), "no Postfix");
        return started.get();
    }

    private EximServer exim(String... settings) {
        Optional<EximServer> started = EximServer.startIfInstalled(CERTIFICATE, settings);
        server = started;
        assumeTrue(started.isPresent(), "no Exim");
        return started.get();
    }

    private static Map<String, Verdict> send(int port, Envelope envelope, String mail) throws Exception {
        try (Upstream upstream = LoopbackUpstreams.open().to(Mails.route(Mails.plain(port)))) {
            return upstream.send(envelope, MessageContent.of(mail.getBytes(StandardCharsets.UTF_8))).verdicts();
        }
    }

    private static List<String> recipients(String domain, int count) {
        return IntStream.rangeClosed(1, count).mapToObj(number -> "to" + number + "@" + domain).toList();
    }

    @Test
    void aPostfixWithout8BitMimeGetsTheSameTextInSevenBits() throws Exception {
        PostfixServer postfix = postfix("smtpd_discard_ehlo_keywords = 8bitmime, smtputf8");
        assertThat(send(postfix.port(), new Envelope("a@x.test", List.of("b@postfix.test"), true, false), UMLAUTS))
                .allSatisfy((_, verdict) -> assertThat(verdict).isInstanceOf(Verdict.Accepted.class));
        await().until(() -> postfix.mails().size() == 1);
        String mail = postfix.mails().getFirst();
        assertThat(mail).isEqualTo(new String(mail.getBytes(StandardCharsets.US_ASCII), StandardCharsets.US_ASCII));
        assertThat(new MimeMessage(null, new ByteArrayInputStream(mail.getBytes(StandardCharsets.US_ASCII)))
                .getContent()
                .toString()
                .strip()).isEqualTo(TEXT);
    }

    @Test
    void aPostfixThatTakesTenRecipientsAtATimeGetsAllForty() throws Exception {
        PostfixServer postfix = postfix("smtpd_recipient_limit = 10");
        assertThat(send(postfix.port(),
                new Envelope("a@x.test", recipients("postfix.test", 40), false, false), "Subject: x\r\n\r\nx\r\n"))
                .hasSize(40)
                .allSatisfy((_, verdict) -> assertThat(verdict).isInstanceOf(Verdict.Accepted.class));
        await().until(() -> postfix.mails().size() == 40);
    }

    @Test
    void aPostfixThatRefusesTheNullSenderGetsTheReportFromAnother() throws Exception {
        PostfixServer postfix = postfix(
                "smtpd_sender_restrictions = check_sender_access inline:{{<> = 501 5.1.7 no null sender here}}");
        assertThat(send(postfix.port(), new Envelope("", List.of("b@postfix.test"), false, false)
                .insteadOfNullSender(Optional.of("bounces@x.test")), "Subject: x\r\n\r\nx\r\n"))
                .allSatisfy((_, verdict) -> assertThat(verdict).isInstanceOf(Verdict.Accepted.class));
        await().until(() -> postfix.mails().size() == 1);
        assertThat(postfix.mails().getFirst()).contains("Return-Path: <bounces@x.test>");
    }

    @Test
    void anEximWithout8BitMimeThatTakesTenRecipientsAndShortLinesGetsTheMail() throws Exception {
        EximServer exim = exim("accept_8bitmime = false", "recipients_max = 10",
                "acl_smtp_data = ${if >{$max_received_linelength}{998}{deny message = maximum allowed line length is "
                        + "998}{accept condition = true}}");
        for (String mail : List.of(UMLAUTS, LONG_LINE)) {
            assertThat(send(exim.port(), new Envelope("a@x.test", recipients("exim.test", 25), true, false)
                    .withLongLines(true), mail))
                    .hasSize(25)
                    .allSatisfy(
                            (_, verdict) -> assertThat(verdict).as(exim.log()).isInstanceOf(Verdict.Accepted.class));
        }
    }
}
