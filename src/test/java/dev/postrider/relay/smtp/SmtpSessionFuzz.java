package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Whole sessions of any octets: command lines, paths, parameters, AUTH, DATA. */
@Tag("relay")
final class SmtpSessionFuzz {
    private static final SmtpLimits LIMITS = new SmtpLimits(2000, 998, 5, 5, 60, new SmtpLimits.Sessions(1, 1, 1, 1),
            20, 3,
            new SmtpLimits.Times(Duration.ofDays(1), Duration.ofDays(1), Duration.ofDays(1), Duration.ofDays(1),
                    Duration.ofDays(1), 1));

    @DictionaryFile(resourcePath = "SmtpSession.dict")
    @FuzzTest(maxDuration = "3s")
    void staysWithinTheProtocol(byte[] octets) {
        String replies = outcome(octets, 8192);
        // Where segments end makes no difference.
        assertThat(outcome(octets, 1)).isEqualTo(replies);
    }

    private static String outcome(byte[] octets, int most) {
        var policy = new TestPolicy(SubmissionPolicy.Authentication.OPTIONAL, true);
        String replies = InMemorySession.converse(policy.listener(LIMITS), octets, most);
        assertThat(replies).startsWith("220 mx.test ESMTP Postrider\r\n").endsWith("\r\n");
        List<String> lines = List.of(replies.split("\r\n", -1));
        assertThat(lines.subList(0, lines.size() - 1))
                .allSatisfy(line -> assertThat(line).matches("(?:[245][0-9]{2}[ -]|3[35]4 )[ -~]*"));
        assertThat(policy.taken()).hasSize((int) lines.stream().filter("250 2.0.0 queued as none"::equals).count());
        policy.taken().forEach(SmtpSessionFuzz::assertHarmless);
        return replies + policy.taken();
    }

    /** What comes out cannot be taken for anything but one message with one envelope. */
    private static void assertHarmless(TestPolicy.Taken taken) {
        Submission submission = taken.submission();
        assertThat(taken.content().replace("\r\n", "")).doesNotContain("\r", "\n", "\u0000");
        assertThat(taken.content()).satisfiesAnyOf(text -> assertThat(text).isEmpty(),
                text -> assertThat(text).endsWith("\r\n"));
        assertThat(taken.content().getBytes(StandardCharsets.ISO_8859_1).length).isLessThanOrEqualTo(2000);
        assertThat(submission.recipients()).isNotEmpty().hasSizeLessThanOrEqualTo(5);
        assertHarmless(submission.sender(), submission.smtpUtf8());
        assertThat(submission.greeting()).matches("[!-~]+");
        submission.dsn().envelopeId().ifPresent(id -> assertThat(id).matches("[ -~]{1,100}"));
        for (Recipient recipient : submission.recipients()) {
            assertThat(recipient.mailbox()).isNotEmpty();
            assertHarmless(recipient.mailbox(), submission.smtpUtf8());
            recipient.original().ifPresent(original -> assertThat(original.parameter()).matches("[!-~]+;[!-~]+"));
        }
    }

    private static void assertHarmless(String mailbox, boolean smtpUtf8) {
        assertThat(mailbox.codePoints()).noneMatch(c -> c < ' ' || c == 127 || c == 0xFFFD || (c > 127 && !smtpUtf8));
        // As part of MAIL or RCPT it must be read as the same again, whoever says it.
        assertThat(ClientPath.parse("<" + mailbox + "> X=Y")).satisfiesAnyOf(
                path -> assertThat(path).contains(new SmtpPath(mailbox, "X=Y")),
                path -> assertThat(SmtpPath.parse("<" + mailbox + "> X=Y")).contains(new SmtpPath(mailbox, "X=Y")));
    }
}
