package dev.postrider.reply;

import dev.postrider.route.TestResult.Step;
import java.util.Optional;
import java.util.regex.Pattern;

/** Rules by which refusals get their meaning; the first that fits counts. Safe for threads. */
public final class ReplyRules {
    private static final ReplyRules SHIPPED = new ReplyRules();
    /** What a server says to a recipient that is one too many, or to a message that has too many. */
    private static final Pattern TOO_MANY = Pattern.compile(
            "too many (?:rcpts?\\b|recipients|destinations|addresses)|recipients? (?:count|limit|number)"
                    + "|(?:number|amount) of recipients|multiple destination domains|recipients per (?:message|mail|e-?mail"
                    + "|transaction)|only (?:one|1) recipient",
            Pattern.CASE_INSENSITIVE);
    /** Not a matter of how many there are at once: of a time, of a mailbox, or of the server's disk. */
    private static final Pattern OF_A_TIME = Pattern.compile(
            "per (?:second|minute|hour|day)|hourly|daily|today|quota|\\brates?\\b|storage|mailbox|\\bfull\\b",
            Pattern.CASE_INSENSITIVE);
    /** One of several recipients is meant, and the reply to the message does not say which. */
    private static final Pattern SOME_RECIPIENT = Pattern.compile(
            "(?:one or more|some|at least one)(?: of)?(?: the| your)? (?:recipients?|addresses)"
                    + "|(?:invalid|bad|unknown|rejected) recipients?\\b|recipients? (?:is |are |were )?(?:invalid|rejected)",
            Pattern.CASE_INSENSITIVE);

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
        if (isTooMany(step, reply)) {
            return new Meaning(ReplyClass.TOO_MANY_RECIPIENTS, new ReplyAction.SplitRecipients(), Optional.of(
                    "it takes fewer recipients of a message at a time: set spec.smtp.maxRecipients of the MailServer"));
        }
        if (step == Step.MessageRejected && reply.code() >= 550 && SOME_RECIPIENT.matcher(reply.text()).find()) {
            return new Meaning(ReplyClass.INVALID_RECIPIENT, new ReplyAction.SplitRecipients(), Optional.of(
                    "check the addresses of the recipients"));
        }
        return new Meaning(ReplyClass.OTHER, fallback(reply), ReplyMeaning.of(reply).map(ReplyMeaning::text));
    }

    /**
     * Whether there are too many recipients: by RFC 5321 section 4.5.3.1.10 (452, or 552 of older servers, to a recipient)
     * and RFC 3463 section 3.6 (X.5.3), or in words.
     */
    private static boolean isTooMany(Step step, Reply reply) {
        boolean toRecipient = step == Step.RecipientRejected;
        if (!toRecipient && step != Step.MessageRejected && step != Step.Connection
                || OF_A_TIME.matcher(reply.text()).find()) {
            return false;
        }
        return reply.enhanced().filter(status -> status.endsWith(".5.3")).isPresent()
                || toRecipient && reply.enhanced().isEmpty() && (reply.code() == 452 || reply.code() == 552)
                || reply.code() >= 400 && TOO_MANY.matcher(reply.text()).find();
    }

    private static ReplyAction fallback(Reply reply) {
        return reply.code() >= 500 ? new ReplyAction.Bounce() : new ReplyAction.Retry();
    }
}
