package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.reply.Reply;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.testing.ScriptedSmtpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the server does, and what becomes of the message. */
@Tag("upstreams")
final class SmtpFailureTest {

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '|', textBlock = """
            CONNECT  | 554 5.7.1 go away                   | Connection        | false | 5.7.1  | does not want to talk: 554 5.7.1 go away
            CONNECT  | 421 4.3.2 shutting down             | Connection        | false | 4.3.2  | does not want to talk: 421
            CONNECT  | (close)                             | Connection        | false |        | closed the connection
            CONNECT  | HTTP/1.1 400 Bad Request            | Connection        | false |        | broke before the session was ready
            CONNECT  | (hang)                              | Timeout           | false |        | did not greet within 400ms
            CONNECT  | (drip)                              | Timeout           | false |        | did not greet within 400ms
            CONNECT  | (flood)                             | Connection        | false |        | longer than 65536 octets
            EHLO     | (hang)                              | Timeout           | false |        | took longer than 400ms
            MAIL     | 550 5.7.60 not your address         | SenderRejected    | false | 5.7.60 | refused the sender <sender@example.com>: 550
            MAIL     | 451 4.7.1 greylisted                | SenderRejected    | false | 4.7.1  | 451 4.7.1 greylisted
            MAIL     | 530 5.7.57 log in first             | Authentication    | false | 5.7.57 | declare spec.smtp.authentication
            MAIL     | 552 5.3.4 too big                   | MessageRejected   | true  | 5.3.4  | 552 5.3.4 too big
            MAIL     | 503 5.5.1 out of order              | SenderRejected    | false | 5.5.1  | out of order
            MAIL     | 421 4.4.2 idle                      | Connection        | false | 4.4.2  | 421 4.4.2 idle
            MAIL     | (close)                             | Connection        | false |        | broke before the message was taken
            MAIL     | (hang)                              | Timeout           | false |        | took longer than
            RCPT     | 550 5.1.1 no such user              | RecipientRejected | true  | 5.1.1  | refused the recipient <rcpt@example.com>: 550 5.1.1 no such user
            RCPT     | 452 4.2.2 mailbox full              | RecipientRejected | false | 4.2.2  | 452 4.2.2 mailbox full
            RCPT     | 554 no enhanced code                | RecipientRejected | true  |        | 554 no enhanced code
            RCPT     | 421 4.3.0 bye                       | Connection        | false | 4.3.0  | 421 4.3.0 bye
            RCPT     | (drip)                              | Timeout           | false |        | took longer than
            DATA     | 554 5.6.0 nothing today             | MessageRejected   | true  | 5.6.0  | refused DATA
            DATA     | (close)                             | Connection        | false |        | broke before the message was taken
            CONTENT  | 552 5.3.4 enough                    | MessageRejected   | true  | 5.3.4  | 552 5.3.4 enough
            MESSAGE  | 554 5.7.1 spam                      | MessageRejected   | true  | 5.7.1  | refused the message: 554 5.7.1 spam
            MESSAGE  | 451 4.3.0 try later                 | MessageRejected   | false | 4.3.0  | 451 4.3.0 try later
            MESSAGE  | (close)                             | Connection        | false |        | broke before the message was taken
            MESSAGE  | (hang)                              | Timeout           | false |        | took longer than
            MESSAGE  | (drip)                              | Timeout           | false |        | took longer than
            """)
    // @formatter:on
    void eachFailureIsNamedByItsStep(String step, String reply, Step expected, boolean permanent, String enhanced,
            String message) {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().on(step, reply)) {
            Attempt attempt = Mails.send(Mails.impatient(Mails.plain(server.port())));

            Verdict.Refused refused = Mails.refusal(attempt);
            assertThat(refused.message()).startsWith(expected + ": ").contains(message);
            assertThat(refused.step()).isEqualTo(expected);
            assertThat(refused.permanent()).isEqualTo(permanent);
            assertThat(refused.reply().flatMap(Reply::enhanced)).isEqualTo(Optional.ofNullable(enhanced));
            assertThat(attempt.duration()).isLessThan(Duration.ofSeconds(4));
            assertThat(attempt.server()).isEqualTo("127.0.0.1:" + server.port() + " (127.0.0.1)");
            assertThat(server.messages()).isEmpty();
        }
    }

    @Test
    void aServerThatReadsNothingTimesOut() {
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start().on("CONTENT", ScriptedSmtpServer.HANG);
                Upstream upstream = new MailUpstreams("client.test", false, LoopbackUpstreams.POLICY)
                        .to(Mails.route(Mails.impatient(Mails.plain(server.port()))))) {
            Attempt attempt = upstream.send(Mails.envelope("rcpt@example.com"), Mails.bytes(new byte[30_000_000]));
            assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Timeout);
            assertThat(upstream.isOpen()).isFalse();
        }
    }

    @Test
    void aPortWhereNothingListensIsAConnectionFailure() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Attempt attempt = Mails.send(Mails.plain(port));
        assertThat(Mails.refusal(attempt).step()).isEqualTo(Step.Connection);
        assertThat(Mails.refusal(attempt).message()).contains("127.0.0.1:" + port, "Connection refused",
                "spec.smtp.host");
        assertThat(attempt.server()).isEqualTo("127.0.0.1:" + port);
        assertThat(attempt.dialogue()).contains("-- no connection to 127.0.0.1");
    }

    @Test
    void aNameThatDoesNotResolveIsSaid() {
        Endpoint.Smtp plain = Mails.plain(25);
        Attempt attempt = Mails.send(new Endpoint.Smtp("no-such-host.invalid", 25, plain.security(), Optional.empty(),
                plain.connectTimeout(), plain.replyTimeout(), 1, Optional.empty()));
        assertThat(Mails.refusal(attempt)).returns(Step.NameResolution, Verdict.Refused::step)
                .returns(false, Verdict.Refused::permanent);
        assertThat(Mails.refusal(attempt).message()).contains("no-such-host.invalid", "spec.smtp.host");
    }

    @Test
    void everyAddressOfAHostIsTried() {
        // localhost is ::1 as well where the machine has IPv6; the server listens on one of them only.
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start()) {
            Endpoint.Smtp plain = Mails.plain(server.port());
            Attempt attempt = Mails
                    .send(new Endpoint.Smtp("localhost", server.port(), plain.security(), Optional.empty(),
                            plain.connectTimeout(), plain.replyTimeout(), 1, Optional.empty()));
            assertThat(attempt.verdicts().get("rcpt@example.com")).isInstanceOf(Verdict.Accepted.class);
        }
    }
}
