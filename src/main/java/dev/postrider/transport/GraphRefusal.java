package dev.postrider.transport;

import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.GraphRequests.Answer;
import java.util.Optional;

/**
 * Tells what an error of Microsoft Graph means for a message, and what to do next. The codes are those of "Microsoft
 * Graph error responses and resource types" and of Exchange Web Services ("ResponseCode"), which Graph hands on.
 */
record GraphRefusal(Endpoint.Graph endpoint, ReplyRules rules) {

    /** @param permission the application permission that the request needed */
    Verdict.Refused of(Answer answer, String permission) {
        return switch (answer.code()) {
            case "ErrorInvalidRecipients", "ErrorInvalidSmtpAddress" ->
                refused(Step.RecipientRejected, "5.1.3", answer, "Microsoft Graph refused the recipients",
                        "check their addresses");
            case "ErrorMimeContentInvalidBase64String", "ErrorMimeContentInvalid", "ErrorMimeContentConversionFailed" ->
                refused(Step.MessageRejected, "5.6.0", answer, "Microsoft Graph could not read the message",
                        "check that it is a MIME message (RFC 5322, RFC 2045)");
            case "ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded" -> tooLarge(answer);
            case "ErrorQuotaExceeded" -> full(answer);
            case "ErrorSendAsDenied" -> refused(Step.SenderRejected, answer,
                    "mailbox " + mailbox() + " may not send as the From of the message",
                    "use the mailbox's own address there (spec.identity.from of the organization), or grant the "
                            + "mailbox Send As for that address");
            case "ErrorExceededMessageLimit" -> refused(Step.MessageRejected, answer,
                    "mailbox " + mailbox() + " has sent as much as it may for now",
                    "see the sending limits of Exchange Online; it will be tried again");
            case "ErrorMessageSubmissionBlocked" -> refused(Step.SenderRejected, answer,
                    "mailbox " + mailbox() + " is blocked from sending",
                    "see the restricted entities of Microsoft Defender; it will be tried again");
            case "MailboxInfoStale", "ErrorMailboxInfoStale", "ErrorMailboxMoveInProgress",
                    "ErrorMailboxStoreUnavailable" ->
                refused(Step.Connection, answer, "mailbox " + mailbox() + " is not at hand now", again(answer));
            case "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI" -> refused(Step.SenderRejected, answer,
                    "mailbox " + mailbox() + " is not in Exchange Online",
                    "give it a license there, or use the SMTP server that it is on");
            default -> byStatus(answer, permission);
        };
    }

    private Verdict.Refused byStatus(Answer answer, String permission) {
        return switch (answer.status()) {
            case 400, 405, 415, 422 -> refused(Step.MessageRejected, "5.6.0", answer,
                    "Microsoft Graph refused the message", "change what it objects to");
            case 401 -> refused(Step.Authentication, answer, "Microsoft Graph refused the token",
                    "check the Secret's client-id and credential, and tenantId and cloud in spec.microsoftGraph");
            case 403 -> refused(Step.Authentication, answer, "the application may not use mailbox " + mailbox(),
                    "grant it the application permission " + permission + " with an administrator's consent, and "
                            + "check that the application access policy, or the scope of its role (RBAC for "
                            + "Applications), has the mailbox in it");
            case 404 -> refused(Step.SenderRejected, answer, "there is no mailbox " + mailbox(),
                    "correct mailbox or tenantId in spec.microsoftGraph");
            case 413 -> tooLarge(answer);
            case 429 -> refused(Step.Connection, answer, "Microsoft Graph wants fewer requests", again(answer));
            case 507 -> full(answer);
            // Unless it asks for time, that may be due to the message.
            default -> refused(answer.status() < 500 ? Step.MessageRejected : Step.Connection, answer,
                    "Microsoft Graph cannot take the message now", again(answer)).whileHandedOver();
        };
    }

    private static String again(Answer answer) {
        return "it will be tried again"
                + answer.retryAfter().map(time -> ", not before the " + time.toSeconds() + " s asked for").orElse("");
    }

    private Verdict.Refused full(Answer answer) {
        return refused(Step.MessageRejected, answer, "mailbox " + mailbox() + " is full",
                "make room in it; it will be tried again");
    }

    private Verdict.Refused tooLarge(Answer answer) {
        return refused(Step.MessageRejected, "5.3.4", answer,
                "the message is larger than mailbox " + mailbox() + " may send",
                "send less, or raise the mailbox's MaxSendSize");
    }

    private String mailbox() {
        return "\"" + endpoint.mailbox() + "\"";
    }

    /** @param status what reports of delivery say, if it goes back */
    private Verdict.Refused refused(Step step, String status, Answer answer, String what, String next) {
        Meaning meaning = rules.of(endpoint.host(), step, answer.reply());
        boolean permanent = meaning.isPermanent(step, answer.reply());
        Reply reply = permanent
                ? new Reply(answer.reply().code(), Optional.of(status), answer.reply().text(), false)
                : answer.reply();
        return new Verdict.Refused(step, permanent, Optional.of(reply),
                step + ": " + what + ": " + reply.text() + "; " + meaning.advice().orElse(next), answer.retryAfter())
                .meaning(meaning);
    }

    private Verdict.Refused refused(Step step, Answer answer, String what, String next) {
        return refused(step, "5.0.0", answer, what, next);
    }
}
