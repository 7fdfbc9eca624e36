package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.Envelope;
import dev.postrider.testing.ScriptedSmtpServer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that do not take mail from the null sender (RFC 5321 section 4.5.5). */
@Tag("delivery-world")
final class NullSenderTest {
    private static final String REPORT = "Subject: Undelivered\r\nAuto-Submitted: auto-replied\r\n\r\ntext\r\n";
    private static final String NULL_SENDER = "MAIL FROM:<>";
    private static final String SUBSTITUTE = "MAIL FROM:<bounces@acme.example>";

    private final ScriptedSmtpServer server = ScriptedSmtpServer.start().offer();
    private final MailUpstreams upstreams = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY);
    private Upstream upstream = upstreams.to(Mails.route(Mails.plain(server.port())));

    @AfterEach
    void close() {
        upstream.close();
        server.close();
    }

    private static Envelope report(String... recipients) {
        return new Envelope("", List.of(recipients), false, false)
                .insteadOfNullSender(Optional.of("bounces@acme.example"));
    }

    private Verdict send(Envelope envelope, String mail) {
        return Objects.requireNonNull(
                upstream.send(envelope, Mails.text(mail)).verdicts().get(envelope.recipients().getFirst()));
    }

    private List<String> senders() {
        return server.commands().stream().filter(command -> command.startsWith("MAIL")).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            Amazon SES;         MAIL; 501 Invalid MAIL FROM address provided
            Exchange;           MAIL; 550 5.7.1 Client does not have permissions to send as this sender
            others;             MAIL; 553 5.1.7 null sender not allowed
            others;             MAIL; 554 5.7.1 empty envelope sender refused
            Postfix;            RCPT; 553 5.7.1 <>: Sender address rejected: not owned by user acme
            Postfix, as a rule; RCPT; 554 5.7.1 <>: Sender address rejected: Access denied
            """)
    void aServerThatRefusesTheNullSenderGetsTheMailFromAnotherAndIsKnownForIt(String ofServer, String step,
            String reply) {
        boolean[] refusing = {false};
        server.on("MAIL", line -> {
            refusing[0] = line.startsWith(NULL_SENDER);
            return refusing[0] && step.equals("MAIL") ? reply : "";
        });
        server.on("RCPT", _ -> refusing[0] && step.equals("RCPT") ? reply : "");

        assertThat(send(report("ann@x.test"), REPORT)).isInstanceOf(Verdict.Accepted.class);
        assertThat(senders()).containsExactly(NULL_SENDER, SUBSTITUTE);
        assertThat(server.messages().getFirst().text()).isEqualTo(REPORT);

        upstream.close();
        upstream = upstreams.to(Mails.route(Mails.plain(server.port())));
        server.commands().clear();
        send(report("bob@x.test"), REPORT);
        assertThat(senders()).containsExactly(SUBSTITUTE);

        upstream.close();
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(9))));
        server.commands().clear();
        send(report("bob@x.test"), REPORT);
        assertThat(senders()).as("the server was declared anew").containsExactly(NULL_SENDER, SUBSTITUTE);
        assertThat(server.messages()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            MAIL;    451 4.3.0 try later
            MAIL;    530 5.7.0 log in first
            MAIL;    552 5.3.4 too large
            MAIL;    550 5.7.30 Basic authentication is not supported for Client Submission
            MAIL;    550 5.4.5 Daily user sending limit exceeded
            RCPT;    550 5.1.1 no such user
            MESSAGE; 550 5.7.1 spam
            """)
    void whatIsRefusedForSomethingElseIsNotSentFromAnother(String step, String reply) {
        server.on(step, reply);
        assertThat(send(report("ann@x.test"), REPORT)).isInstanceOf(Verdict.Refused.class);
        assertThat(senders()).containsExactly(NULL_SENDER);
    }

    @Test
    @Tag("isolation")
    void whatAServerSaysOfOnesMailIsNotHeldAgainstOthersMail() {
        server.on("MAIL", line -> line.startsWith(NULL_SENDER) ? "550 5.7.1 sender rejected" : "");
        NameLookup.in("evil", () -> send(report("ann@x.test"), REPORT));
        assertThat(senders()).containsExactly(NULL_SENDER, SUBSTITUTE);

        server.on("MAIL", "");
        server.commands().clear();
        NameLookup.in("shop", () -> send(report("bob@x.test"), REPORT));
        NameLookup.in("evil", () -> send(report("ann@x.test"), REPORT));
        assertThat(senders()).containsExactly(NULL_SENDER, SUBSTITUTE);
    }

    @Test
    void aServerThatRefusesTheOtherAsWellIsNotKnownForAnything() {
        server.on("MAIL", "501 Invalid MAIL FROM address provided");
        for (int i = 0; i < 2; i++) {
            assertThat(send(report("ann@x.test"), REPORT))
                    .isInstanceOfSatisfying(Verdict.Refused.class, refused -> assertThat(refused.message())
                            .contains("refused the sender <bounces@acme.example>"));
        }
        assertThat(senders()).containsExactly(NULL_SENDER, SUBSTITUTE, NULL_SENDER, SUBSTITUTE);
    }

    @Test
    void mailWithASenderAndMailWithoutAnotherGoAsTheyAre() {
        server.on("MAIL", "550 no");
        send(Mails.envelope("ann@x.test").insteadOfNullSender(Optional.of("bounces@acme.example")), REPORT);
        send(new Envelope("", List.of("ann@x.test"), false, false), REPORT);
        assertThat(senders()).containsExactly("MAIL FROM:<sender@example.com>", NULL_SENDER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Subject: it\r\n\r\ntext\r\n", "Auto-Submitted: no\r\n\r\ntext\r\n", "\r\ntext\r\n"})
    void anApplicationsOwnMailSaysThenThatNobodyShouldAnswer(String mail) {
        server.on("MAIL", line -> line.startsWith(NULL_SENDER) ? "501 no" : "");
        send(report("ann@x.test"), mail);
        assertThat(server.messages().getFirst().text()).isEqualTo("Auto-Submitted: auto-generated\r\n" + mail);
    }

    /** Millions of fields are not held in memory to find one. */
    @Test
    @Tag("isolation")
    void aHeaderOfManyFieldsGoesAsItIsAndTheFieldAtItsEndIsFound() {
        server.on("MAIL", line -> line.startsWith(NULL_SENDER) ? "501 no" : "");
        String mail = "a:b\r\n".repeat(100_000) + "Auto-Submitted: auto-replied\r\n\r\ntext\r\n";
        send(report("ann@x.test"), mail);
        assertThat(server.messages().getFirst().text()).isEqualTo(mail);
    }

    @Test
    void theOthersOfAMailKeepTheNullSender() {
        server.on("RCPT", line -> line.contains("strict") && !senders().getLast().equals(SUBSTITUTE)
                ? "553 5.7.1 <>: Sender address rejected"
                : "");
        Attempt attempt = upstream.send(report("ann@x.test", "bob@strict.test"), Mails.text(REPORT));
        assertThat(attempt.verdicts().values()).allMatch(Verdict.Accepted.class::isInstance);
        assertThat(server.messages()).extracting(message -> message.sender() + " " + message.recipients())
                .containsExactly("<> [ann@x.test]", "<bounces@acme.example> [bob@strict.test]");
    }
}
