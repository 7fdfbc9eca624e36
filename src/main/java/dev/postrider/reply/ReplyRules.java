package dev.postrider.reply;

import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Rules by which refusals get their meaning; the first that fits counts. Safe for threads. */
public final class ReplyRules {
    private static final ReplyRules SHIPPED = new ReplyRules();

    /**
     * What concerns the account or the server, never the mail that was in hand.
     *
     * @param notAtRecipient whether it may be said to RCPT of the recipient's account
     */
    private record Rule(Pattern pattern, Meaning meaning, boolean notAtRecipient) {
        static Rule of(String pattern, ReplyClass replyClass, ReplyAction action, String advice) {
            return new Rule(Pattern.compile("^(" + pattern + ")", Pattern.CASE_INSENSITIVE),
                    new Meaning(replyClass, action, Optional.of(advice).filter(text -> !text.isEmpty())),
                    replyClass == ReplyClass.ACCOUNT_SUSPENDED);
        }

        boolean fits(Step step, Reply reply) {
            return pattern.matcher(reply.text()).find() && !(notAtRecipient && step == Step.RecipientRejected);
        }
    }

    private static final List<Rule> OF_ACCOUNT = List.of(
            Rule.of("4[0-9][0-9] .*(concurrent connections|too many (concurrent |simultaneous )?(SMTP )?(connections|sessions))",
                    ReplyClass.RATE_LIMITED, new ReplyAction.FewerConnections(),
                    "it will be tried again with fewer connections; lower spec.smtp.maxConnections if other programs use "
                            + "this account too"),
            Rule.of("[45]5[04] [45]\\.4\\.5 .*sending (limit|quota)", ReplyClass.SENDING_QUOTA_EXCEEDED,
                    new ReplyAction.RestUntilMidnight(ZoneId.of("America/Los_Angeles")),
                    "the daily sending limit of the account is reached: wait, or use another account"),
            Rule.of("[45]54 [45]\\.2\\.0 .*SubmissionQuotaExceeded", ReplyClass.SENDING_QUOTA_EXCEEDED,
                    new ReplyAction.RestServer(Duration.ofHours(1)),
                    "the mailbox has sent as much as Exchange lets it in a day: wait, or use another mailbox"),
            Rule.of("5[35]0 5\\.7\\.30 ", ReplyClass.AUTHENTICATION_FAILED,
                    new ReplyAction.RestServer(Duration.ofHours(1)), "Exchange Online takes no password: use oauth2"),
            Rule.of("550 5\\.7\\.60 |55[04] 5\\.2\\.252 |5.*SendAsDenied", ReplyClass.SENDER_NOT_ALLOWED,
                    new ReplyAction.RestServer(Duration.ofMinutes(30)), ""),
            Rule.of("550 5\\.1\\.8 .*bad outbound sender|55[04] 5\\.7\\.70[58] ", ReplyClass.ACCOUNT_SUSPENDED,
                    new ReplyAction.HoldOrganization(),
                    "Exchange Online has restricted the mailbox or the tenant for what it sent: find out what that was, "
                            + "and have its administrator release it (Restricted entities)"),
            Rule.of("[45][0-9][0-9] .*account (is |has been )?(suspended|disabled|blocked)",
                    ReplyClass.ACCOUNT_SUSPENDED, new ReplyAction.RestServer(Duration.ofHours(1)),
                    "the account that sends is suspended: ask its provider, or use another account"));

    private ReplyRules() {}

    /** The rules that the program brings. */
    public static ReplyRules shipped() {
        return SHIPPED;
    }

    /**
     * The meaning of a refusal.
     *
     * @param host of the server, as declared
     * @param step what was refused
     */
    public Meaning of(String host, Step step, Reply reply) {
        Optional<String> advice = ReplyMeaning.of(reply).map(ReplyMeaning::text);
        for (Rule rule : OF_ACCOUNT) {
            if (rule.fits(step, reply)) {
                return new Meaning(rule.meaning.replyClass(), rule.meaning.action(),
                        rule.meaning.advice().or(() -> advice));
            }
        }
        return new Meaning(ReplyClass.OTHER, fallback(reply), advice);
    }

    private static ReplyAction fallback(Reply reply) {
        return reply.code() >= 500 ? new ReplyAction.Bounce() : new ReplyAction.Retry();
    }
}
