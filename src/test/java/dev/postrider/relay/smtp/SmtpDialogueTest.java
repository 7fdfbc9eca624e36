package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.Dialogue;
import dev.postrider.relay.sink.Sink;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("relay")
final class SmtpDialogueTest {
    private Sink sink;

    @BeforeEach
    void open() throws Exception {
        sink = Sink.open(Sink.Options.open(loopback()), mail -> {});
    }

    @AfterEach
    void close() {
        sink.close();
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Commands are separated by " / "; what counts is the reply to the last. */
    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = ';', textBlock = """
            EHLO client                                                     ; 250 HELP
            ehlo [127.0.0.1]                                                ; 250 HELP
            HELO client                                                     ; 250 sink.localhost
            EHLO                                                            ; 250 HELP
            EHLO a(b                                                        ; 250 HELP
            NOOP                                                            ; 250 2.0.0
            RSET                                                            ; 250 2.0.0
            VRFY someone                                                    ; 252 2.5.0
            EXPN staff                                                      ; 502 5.5.1
            HELP                                                            ; 214 2.0.0
            QUIT                                                            ; 221 2.0.0
            GET /x HTTP/1.1                                                 ; 500 5.5.2 this is SMTP, not HTTP
            MAIL FROM:<a@b.example>                                         ; 503 5.5.1
            EHLO c / RCPT TO:<a@b.example>                                  ; 503 5.5.1
            EHLO c / DATA                                                   ; 503 5.5.1
            EHLO c / STARTTLS                                               ; 454 4.7.0
            EHLO c / MAIL FROM:<a@b.example>                                ; 250 2.1.0
            EHLO c / MAIL FROM:<>                                           ; 250 2.1.0
            EHLO c / mail from:<a@b.example> size=100 body=8bitmime         ; 250 2.1.0
            EHLO c / MAIL FROM:<a@b.example> AUTH=<>                        ; 250 2.1.0
            EHLO c / MAIL FROM:<a@b.example> SIZE=26214401                  ; 552 5.3.4
            EHLO c / MAIL FROM:<a@b.example> SIZE=99999999999999999999      ; 552 5.3.4
            EHLO c / MAIL FROM:<a@b.example> SIZE=x                         ; 250 2.1.0
            EHLO c / MAIL FROM:<a@b.example> SIZE=1 SIZE=1                  ; 501 5.5.4
            EHLO c / MAIL FROM:<a@b.example> BODY=BINARYMIME                ; 501 5.5.4
            EHLO c / MAIL FROM:<a@b.example> FOO=BAR                        ; 555 5.5.4
            EHLO c / MAIL FROM:a@b.example                                  ; 501 5.1.7
            EHLO c / MAIL TO:<a@b.example>                                  ; 501 5.1.7
            EHLO c / MAIL FROM:<ä@b.example>                                ; 550 5.6.7
            EHLO c / MAIL FROM:<ä@b.example> SMTPUTF8                       ; 250 2.1.0
            EHLO c / MAIL FROM:<a@b.example> / MAIL FROM:<a@b.example>      ; 503 5.5.1
            EHLO c / MAIL FROM:<a@b.example> / RSET / MAIL FROM:<>          ; 250 2.1.0
            EHLO c / MAIL FROM:<a@b.example> / DATA                         ; 554 5.5.1
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<x@y.example>        ; 250 2.1.5
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<Postmaster>         ; 250 2.1.5
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<@r.example:x@y.example> ; 250 2.1.5
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<>                   ; 501 5.1.3
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<x>                  ; 501 5.1.3
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<ä@y.example>        ; 553 5.6.7
            EHLO c / MAIL FROM:<a@b.example> / RCPT TO:<x@y.example> NOTIFY=NEVER ; 555 5.5.4
            EHLO c / MAIL FROM:<> / RCPT TO:<x@y.example> / DATA x          ; 501 5.5.4
            EHLO c / MAIL FROM:<> / RCPT TO:<x@y.example> / DATA            ; 354 end
            EHLO c / MAIL FROM:<> / RCPT TO:<x@y.example> / DATA / .        ; 250 2.0.0 queued as
            EHLO c / AUTH                                                   ; 504 5.5.4
            EHLO c / AUTH CRAM-MD5                                          ; 504 5.5.4
            EHLO c / AUTH PLAIN                                             ; 334
            EHLO c / AUTH PLAIN / *                                         ; 501 5.7.0
            EHLO c / AUTH PLAIN !!                                          ; 501 5.5.2
            EHLO c / AUTH PLAIN =                                           ; 501 5.5.2
            EHLO c / AUTH PLAIN AHUAcA==                                    ; 235 2.7.0
            EHLO c / AUTH PLAIN eAB1AHA=                                    ; 535 5.7.8
            EHLO c / AUTH PLAIN / AHUAcA==                                  ; 235 2.7.0
            EHLO c / AUTH LOGIN                                             ; 334 VXNlcm5hbWU6
            EHLO c / AUTH LOGIN / dQ==                                      ; 334 UGFzc3dvcmQ6
            EHLO c / AUTH LOGIN / dQ== / cA==                               ; 235 2.7.0
            EHLO c / AUTH LOGIN dQ== / cA==                                 ; 235 2.7.0
            EHLO c / AUTH PLAIN AHUAcA== / AUTH PLAIN AHUAcA==              ; 503 5.5.1
            EHLO c / MAIL FROM:<> / AUTH PLAIN AHUAcA==                     ; 503 5.5.1
            HELO c / AUTH PLAIN AHUAcA==                                    ; 235 2.7.0
            """)
    void answers(String commands, String expected) throws Exception {
        try (var client = Dialogue.connect(sink.port())) {
            String reply = "";
            for (String command : commands.split(" / ", -1)) {
                reply = client.say(command);
            }
            assertThat(reply).startsWith(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOOP\\nNOOP", "NOOP\\rNOOP", "NO\\x00OP", "EHLO a\\nMAIL FROM:<a@b.example>"})
    void closesOnACommandWithAWrongEnd(String escaped) throws Exception {
        try (var client = Dialogue.connect(sink.port())) {
            client.raw(escaped.replace("\\n", "\n").replace("\\r", "\r").replace("\\x00", "\0") + "\r\n");
            assertThat(client.reply()).startsWith("500 5.5.2");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void undoesDotStuffing() throws Exception {
        try (var client = Dialogue.connect(sink.port())) {
            client.say("EHLO c");
            client.mail("a@b.example", "x@y.example", "\r\n..\r\n...two\r\n.one");
        }
        assertThat(sink.mails().getFirst().text()).isEqualTo("\r\n.\r\n..two\r\none\r\n");
    }

    @Test
    void answersPipelinedCommandsInOrder() throws Exception {
        try (var client = Dialogue.connect(sink.port())) {
            client.raw("EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nRCPT TO:<bad>\r\nDATA\r\n");
            assertThat(client.reply()).startsWith("250");
            assertThat(client.reply()).startsWith("250 2.1.0");
            assertThat(client.reply()).startsWith("250 2.1.5");
            assertThat(client.reply()).startsWith("501 5.1.3");
            assertThat(client.reply()).startsWith("354");
            client.raw("x\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n");
            assertThat(client.reply()).startsWith("250 2.0.0 queued");
            assertThat(client.reply()).startsWith("250 2.1.0");
            assertThat(client.reply()).startsWith("221");
            assertThat(client.reply()).isEqualTo("closed");
        }
    }

    @Test
    void passesAnyOctetsWithinTheLimitsUnchanged() throws Exception {
        var random = new Random(20231218);
        try (var client = Dialogue.connect(sink.port())) {
            client.say("EHLO c");
            for (int round = 0; round < 50; round++) {
                var content = new StringBuilder();
                for (int line = random.nextInt(20); line >= 0; line--) {
                    for (int i = random.nextInt(random.nextBoolean() ? 5 : 3000); i > 0; i--) {
                        int octet = 1 + random.nextInt(255);
                        content.append(octet == '\r' || octet == '\n' ? '.' : (char) octet);
                    }
                    content.append("\r\n");
                }
                client.say("MAIL FROM:<a@b.example> BODY=8BITMIME");
                client.say("RCPT TO:<x@y.example>");
                client.say("DATA");
                String stuffed = content.toString().replaceAll("(?<=^|\r\n)\\.", "..");
                assertThat(client.raw(stuffed).say(".")).startsWith("250");
                assertThat(sink.mails().getLast().content()).isEqualTo(content.toString());
            }
        }
    }

    @Test
    void endsQuietSessionsAtOnceAndLetsOthersFinish() throws Exception {
        var listener = new TestPolicy().listener(SmtpLimits.DEFAULT);
        int port = listener.listen(loopback(), SmtpListener.Start.PLAIN);
        try (var quiet = Dialogue.connect(port); var busy = Dialogue.connect(port)) {
            busy.say("EHLO c");
            busy.login("u", "right");
            busy.say("MAIL FROM:<>");
            busy.say("RCPT TO:<a@b.example>");
            busy.say("DATA");
            Thread stopping = Thread.ofVirtual().start(() -> listener.stop(Duration.ofSeconds(10)));
            assertThat(quiet.reply()).isEqualTo("421 4.3.2 mx.test is shutting down");
            assertThat(busy.raw("text").say("\r\n.")).startsWith("250 2.0.0");
            assertThat(busy.reply()).startsWith("421 4.3.2");
            assertThat(stopping.join(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    void saysWhatItOffers() throws Exception {
        try (var client = Dialogue.connect(sink.port())) {
            assertThat(client.raw("EHLO c\r\n").wholeReply()).isEqualTo("""
                    250-sink.localhost greets c
                    250-PIPELINING
                    250-SIZE 26214400
                    250-AUTH PLAIN LOGIN
                    250-8BITMIME
                    250-SMTPUTF8
                    250-ENHANCEDSTATUSCODES
                    250 HELP
                    """);
        }
    }
}
