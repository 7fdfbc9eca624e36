package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 3461, where the policy offers DSN. */
@Tag("relay")
final class DsnParametersTest {
    private static String session(TestPolicy policy, String mail, String rcpt) {
        String client = "EHLO c\r\nMAIL FROM:<a@b.example> " + mail + "\r\nRCPT TO:<x@y.example> " + rcpt
                + "\r\nDATA\r\n.\r\nQUIT\r\n";
        return InMemorySession.converse(policy.listener(SmtpLimits.DEFAULT), client.getBytes(StandardCharsets.UTF_8),
                8192);
    }

    @ParameterizedTest(name = "{0} / {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '\'', nullValues = "-", textBlock = """
            ''                      | ''                                 | -    | -       | []               | -
            RET=HDRS ENVID=QQ314159 | NOTIFY=SUCCESS                     | HDRS | QQ314159 | [SUCCESS]       | -
            ret=full envid=a+2bb+20c | notify=never                      | FULL | a+b c   | [NEVER]          | -
            ENVID=x                 | NOTIFY=SUCCESS,FAILURE,DELAY       | -    | x       | [SUCCESS, FAILURE, DELAY] | -
            ''                      | NOTIFY=DELAY,DELAY                 | -    | -       | [DELAY]          | -
            ''                      | ORCPT=rfc822;Bob@Example.com       | -    | -       | []               | rfc822;Bob@Example.com
            ''                      | ORCPT=rfc822;George+20Jones        | -    | -       | []               | rfc822;George Jones
            ''                      | ORCPT=utf-8;\\x{FC}x@y.example     | -    | -       | []               | utf-8;üx@y.example
            SMTPUTF8                | ORCPT=utf-8;üx@y.example           | -    | -       | []               | utf-8;üx@y.example
            """)
    void takesWhatTheSenderWants(String mail, String rcpt, DsnParameters.Return returned, String envelopeId,
            String reports, String original) {
        var policy = new TestPolicy(SubmissionPolicy.Authentication.OPTIONAL, true);
        assertThat(session(policy, mail, rcpt)).contains("250-DSN\r\n");
        assertThat(policy.taken()).singleElement().satisfies(taken -> {
            assertThat(taken.submission().dsn())
                    .isEqualTo(new DsnParameters(Optional.ofNullable(returned), Optional.ofNullable(envelopeId)));
            Recipient recipient = taken.submission().recipients().getFirst();
            assertThat(recipient.mailbox()).isEqualTo("x@y.example");
            assertThat(recipient.reports()).hasToString(reports);
            assertThat(recipient.original().map(o -> o.type() + ";" + o.address())).isEqualTo(
                    Optional.ofNullable(original));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"RET=", "RET", "RET=ALL", "RET=FULL RET=FULL", "ENVID=", "ENVID=a=b", "ENVID=+", "ENVID=+4",
            "ENVID=+4g", "ENVID=ä", "ENVID=+0D+0A", "ENVID=+FF", "ENVID=LONG"})
    void refusesWrongParametersOfMail(String parameters) {
        String text = parameters.replace("LONG", "x".repeat(101));
        assertThat(session(new TestPolicy(SubmissionPolicy.Authentication.OPTIONAL, true), text, ""))
                .contains("\r\n501 5.5.4 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOTIFY", "NOTIFY=", "NOTIFY=ALWAYS", "NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS,",
            "NOTIFY=SUCCESS NOTIFY=DELAY", "ORCPT", "ORCPT=", "ORCPT=x", "ORCPT=rfc822;", "ORCPT=;x",
            "ORCPT=r(;x", "ORCPT=rfc822;+00", "ORCPT=rfc822;ä", "ORCPT=utf-8;\\x{0D}", "ORCPT=utf-8;\\x{D800}",
            "ORCPT=rfc822;a=b", "ORCPT=rfc822;LONG"})
    void refusesWrongParametersOfRcpt(String parameters) {
        String text = parameters.replace("LONG", "x".repeat(500));
        assertThat(session(new TestPolicy(SubmissionPolicy.Authentication.OPTIONAL, true), "", text))
                .contains("\r\n501 5.5.4 ");
    }

    @Test
    void knowsNothingOfItWhereItIsNotOffered() {
        assertThat(session(new TestPolicy(), "RET=FULL", "")).contains("\r\n555 5.5.4 MAIL parameter not known")
                .doesNotContain("DSN");
        assertThat(session(new TestPolicy(), "", "NOTIFY=NEVER")).contains("\r\n555 5.5.4 RCPT parameter not known");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rfc822 | George Jones+=@y.example | rfc822;George+20Jones+2B+3D@y.example
            utf-8  | üx+\\@y.example          | utf-8;\\x{FC}x\\x{2B}\\x{5C}@y.example
            utf-8  | 😀@y.example             | utf-8;\\x{1F600}@y.example
            """)
    void passesOriginalRecipientsOn(String type, String address, String parameter) throws Exception {
        var original = new OriginalRecipient(type, address);
        assertThat(original.parameter()).isEqualTo(parameter);
        assertThat(OriginalRecipient.parse(parameter)).isEqualTo(original);
    }
}
