package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.reply.Reply;
import dev.postrider.route.Address;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import dev.postrider.testing.ScriptedSmtpServer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("upstreams")
final class TestSenderTest {
    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final TestSender sender = new TestSender(new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY),
            InstantSource.fixed(Instant.parse("2026-03-01T12:00:00Z")));

    @AfterEach
    void close() {
        server.close();
    }

    private TestMail mail(Address from, Optional<Address> replyTo, String recipient) {
        return new TestMail(Mails.route(Mails.plain(server.port())), from, replyTo, from.address(), recipient,
                "MailServer shop/own");
    }

    @Test
    void aTestMailSaysWhatItIs() {
        TestResult result = sender.send(mail(new Address("shop@example.com", Optional.of("The Shop")),
                Optional.of(new Address("help@example.com", Optional.empty())), "admin@example.com"));

        assertThat(result.accepted()).isTrue();
        assertThat(result.reply()).contains("250 2.0.0 queued as T1");
        assertThat(result.time()).isEqualTo("2026-03-01T12:00:00Z");
        assertThat(result.server()).isEqualTo("127.0.0.1:" + server.port() + " (127.0.0.1)");
        assertThat(server.messages().getFirst().text()).contains("From: The Shop <shop@example.com>\r\n",
                "Reply-To: help@example.com\r\n", "To: admin@example.com\r\n",
                "Subject: Postrider test mail for MailServer shop/own\r\n", "Auto-Submitted: auto-generated\r\n",
                "Date: ", "Message-ID: <", "@example.com>\r\n", "Content-Type: text/plain; charset=UTF-8\r\n",
                "MIME-Version: 1.0\r\n", "on behalf of\r\nMailServer shop/own\r\n");
        assertThat(server.messages().getFirst().sender()).startsWith("<shop@example.com>");
    }

    @Test
    void aNameThatIsNotAsciiIsEncoded() {
        sender.send(mail(new Address("shop@example.com", Optional.of("J\u00f6rgs Gesch\u00e4ft")), Optional.empty(),
                "admin@example.com"));
        assertThat(server.messages().getFirst().text()).contains("From: =?UTF-8?").matches("\\p{ASCII}*");
        assertThat(server.messages().getFirst().sender()).doesNotContain("SMTPUTF8");
    }

    @Test
    void anAddressThatIsNotAsciiNeedsSmtpUtf8() {
        TestResult result = sender
                .send(mail(new Address("shop@example.com", Optional.of("The Shop")), Optional.empty(),
                        "j\u00f6rg@example.com"));
        assertThat(result.accepted()).isTrue();
        assertThat(server.messages().getFirst().sender()).endsWith("BODY=8BITMIME SMTPUTF8");
        assertThat(new String(server.messages().getFirst().bytes(), StandardCharsets.UTF_8))
                .contains("To: j\u00f6rg@example.com\r\n");
    }

    @Test
    void aFailureCarriesStepMessageAndDialogue() {
        server.on("RCPT", "550 5.1.1 no such user");
        TestResult result = sender
                .send(mail(new Address("shop@example.com", Optional.empty()), Optional.empty(), "gone@example.com"));
        assertThat(result.accepted()).isFalse();
        assertThat(result.reply()).contains("550 5.1.1 no such user");
        TestResult.Failure failure = result.failure().orElseThrow();
        assertThat(failure.step()).isEqualTo(TestResult.Step.RecipientRejected);
        assertThat(failure.message()).contains("gone@example.com");
        assertThat(failure.dialogue()).contains("C: RCPT TO:<gone@example.com>\nS: 550 5.1.1 no such user\n");
    }
}
