package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.relay.Dialogue;
import dev.postrider.relay.smtp.SmtpLimits.Sessions;
import dev.postrider.relay.smtp.SmtpLimits.Times;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("relay")
final class SmtpLimitsTest {
    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Test
    void boundsWhatAClientMaySend() throws Exception {
        var limits = new SmtpLimits(2000, 998, 2, 2, 100, new Sessions(50, 50, 100, 100), 3, 2, Times.DEFAULT);
        try (var listener = new TestPolicy().listener(limits)) {
            int port = listener.listen(loopback(), SmtpListener.Start.PLAIN);
            try (var client = Dialogue.connect(port)) {
                assertThat(client.say("EHLO " + "x".repeat(2000))).isEqualTo("500 5.5.2 line too long");
                client.say("EHLO c");
                client.say("MAIL FROM:<>");
                client.say("RCPT TO:<a@b.example>");
                client.say("RCPT TO:<b@b.example>");
                assertThat(client.say("RCPT TO:<c@b.example>")).startsWith("452 4.5.3");
                client.say("DATA");
                assertThat(client.raw("x".repeat(999)).say("\r\n.")).startsWith("554 5.6.0");
                assertThat(client.mail("", "a@b.example", "x\r\n".repeat(1000))).startsWith("552 5.3.4");
                assertThat(client.say("MAIL FROM:<>")).startsWith("421 4.7.0");
                assertThat(client.reply()).isEqualTo("closed");
            }
            try (var client = Dialogue.connect(port)) {
                client.say("BAD");
                client.say("BAD");
                assertThat(client.say("BAD")).startsWith("500");
                assertThat(client.reply()).isEqualTo("421 4.7.0 too many bad commands");
            }
            try (var client = Dialogue.connect(port)) {
                client.say("EHLO c");
                assertThat(client.login("u", "wrong")).isEqualTo("535 5.7.8 user name or password is wrong");
                assertThat(client.login("u", "wrong")).startsWith("421 4.7.0");
            }
            try (var client = Dialogue.connect(port)) {
                client.raw("y".repeat(70_000));
                assertThat(client.reply()).startsWith("500 5.5.2");
            }
        }
    }

    @Test
    void endsSilentSessions() throws Exception {
        var idle = new Times(Duration.ofMillis(50), Times.DEFAULT.commandLine(), Times.DEFAULT.login(),
                Times.DEFAULT.reply(), Times.DEFAULT.message(), 1024);
        var limits = new SmtpLimits(2000, 998, 2, 2, 100, new Sessions(2, 2, 1, 2), 3, 2, idle);
        try (var listener = new TestPolicy().listener(limits)) {
            try (var client = Dialogue.connect(listener.listen(loopback(), SmtpListener.Start.PLAIN))) {
                assertThat(client.reply()).isEqualTo("421 4.4.2 mx.test timed out waiting for you");
                assertThat(client.reply()).isEqualTo("closed");
            }
        }
    }

    @Test
    void endsSessionsThatOnlyTalk() throws Exception {
        var limits = new SmtpLimits(2000, 998, 2, 10, 10, new Sessions(5, 5, 5, 5), 3, 2, Times.DEFAULT);
        try (var listener = new TestPolicy().listener(limits);
                var client = Dialogue.connect(listener.listen(loopback(), SmtpListener.Start.PLAIN))) {
            client.say("EHLO c");
            for (int mail = 0; mail < 3; mail++) {
                for (int i = 0; i < 5; i++) {
                    assertThat(client.say("NOOP")).startsWith("250");
                }
                assertThat(client.mail("", "a@b.example", "x")).startsWith("250");
            }
            for (int i = 0; i < 9; i++) {
                assertThat(client.say("NOOP")).startsWith("250");
            }
            assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
            assertThat(client.reply()).isEqualTo("421 4.7.0 too many commands without a mail");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void refusesLimitsThatNobodyCouldWorkWith() {
        assertThatThrownBy(() -> new SmtpLimits(2000, 997, 2, 2, 100, new Sessions(5, 5, 5, 5), 3, 2, Times.DEFAULT))
                .hasMessageContaining("textLine=997");
        assertThatThrownBy(() -> new SmtpLimits(2000, 998, 100, 2, 100, new Sessions(5, 5, 5, 5), 3, 2, Times.DEFAULT))
                .hasMessageContaining("recipients=100, commandsPerMessage=100");
        assertThatThrownBy(() -> new Sessions(5, 0, 5, 5)).hasMessageContaining("loggedIn=0");
        assertThatThrownBy(() -> new Times(Duration.ZERO, Duration.ofDays(1), Duration.ofDays(1), Duration.ofDays(1),
                Duration.ofDays(1), 1)).hasMessageContaining("idle=PT0S");
    }
}
