package dev.postrider.reply;

import static dev.postrider.reply.ReplyClass.ACCOUNT_SUSPENDED;
import static dev.postrider.reply.ReplyClass.AUTHENTICATION_FAILED;
import static dev.postrider.reply.ReplyClass.CONTENT_REJECTED;
import static dev.postrider.reply.ReplyClass.ENCODING_REJECTED;
import static dev.postrider.reply.ReplyClass.INACTIVE_MAILBOX;
import static dev.postrider.reply.ReplyClass.INVALID_RECIPIENT;
import static dev.postrider.reply.ReplyClass.OTHER;
import static dev.postrider.reply.ReplyClass.POLICY_REJECTED;
import static dev.postrider.reply.ReplyClass.PROTOCOL_ERROR;
import static dev.postrider.reply.ReplyClass.QUOTA_EXCEEDED;
import static dev.postrider.reply.ReplyClass.RATE_LIMITED;
import static dev.postrider.reply.ReplyClass.ROUTING_FAILED;
import static dev.postrider.reply.ReplyClass.SENDER_NOT_ALLOWED;
import static dev.postrider.reply.ReplyClass.TEMPORARY;
import static dev.postrider.reply.ReplyClass.TOO_LARGE;
import static dev.postrider.reply.ReplyClass.TOO_MANY_RECIPIENTS;

import dev.postrider.route.TestResult.Step;
import java.util.Optional;

/**
 * What a reply means by the RFCs, where no rule fits: 3463, 5248 and the registry of enhanced status codes, then 5321
 * section 4.2.3 by code and command, 4954 section 6, and 9110 for answers of HTTP.
 */
final class StandardMeaning {
    private StandardMeaning() {}

    static Meaning of(Step step, Reply reply) {
        ReplyClass replyClass = reply.isSmtp()
                ? reply.enhanced().flatMap(status -> byStatus(step, status)).orElseGet(() -> byCode(step, reply))
                : ofHttp(reply.code());
        return new Meaning(replyClass, reply.isSmtp() ? action(step, reply, replyClass) : httpAction(reply.code()),
                Optional.empty());
    }

    private static ReplyAction action(Step step, Reply reply, ReplyClass replyClass) {
        if (replyClass == TOO_MANY_RECIPIENTS) {
            return new ReplyAction.SplitRecipients();
        }
        // A server that contradicts itself gets another try.
        boolean passing = reply.code() < 500 || reply.enhanced().filter(status -> status.startsWith("4.")).isPresent();
        return switch (step) {
            // Not about this mail.
            case NameResolution, Connection, Tls, Certificate, Timeout, Authentication ->
                new ReplyAction.RetryElsewhere();
            case SenderRejected, RecipientRejected, MessageRejected -> {
                if (passing) {
                    yield new ReplyAction.Retry();
                }
                yield switch (replyClass) {
                    case AUTHENTICATION_FAILED, ACCOUNT_SUSPENDED -> new ReplyAction.RetryElsewhere();
                    case ENCODING_REJECTED -> reply.enhanced().equals(Optional.of("5.6.3"))
                            ? new ReplyAction.EncodeAnew()
                            : new ReplyAction.Bounce();
                    default -> isAboutServer(reply.code())
                            ? new ReplyAction.RetryElsewhere()
                            : new ReplyAction.Bounce();
                };
            }
        };
    }

    /** Those about commands are about the software of the server; 521 and 555 say that it does not take mail so. */
    private static boolean isAboutServer(int code) {
        return code == 500 || code == 502 || code == 503 || code == 521 || code == 555;
    }

    private static Optional<ReplyClass> byStatus(Step step, String status) {
        String[] parts = status.split("\\.", -1);
        int detail = Integer.parseInt(parts[2]);
        return Optional.ofNullable(switch (Integer.parseInt(parts[1])) {
            case 1 -> switch (detail) {
                case 7, 8 -> SENDER_NOT_ALLOWED;
                case 9 -> ROUTING_FAILED;
                default -> step == Step.SenderRejected ? SENDER_NOT_ALLOWED : INVALID_RECIPIENT;
            };
            case 2 -> switch (detail) {
                case 1 -> INACTIVE_MAILBOX;
                case 2 -> QUOTA_EXCEEDED;
                case 3 -> TOO_LARGE;
                case 4 -> INVALID_RECIPIENT;
                default -> null;
            };
            case 3 -> switch (detail) {
                case 3 -> PROTOCOL_ERROR;
                case 4 -> TOO_LARGE;
                case 5 -> ROUTING_FAILED;
                default -> status.startsWith("4.") ? TEMPORARY : null;
            };
            case 4 -> detail == 5 ? RATE_LIMITED : ROUTING_FAILED;
            case 5 -> switch (detail) {
                case 0 -> null;
                case 3 -> TOO_MANY_RECIPIENTS;
                default -> PROTOCOL_ERROR;
            };
            case 6 -> switch (detail) {
                case 2, 3, 4, 5, 7, 8, 9, 10 -> ENCODING_REJECTED;
                default -> CONTENT_REJECTED;
            };
            case 7 -> bySecurity(step, detail);
            default -> null;
        });
    }

    private static ReplyClass bySecurity(Step step, int detail) {
        return switch (detail) {
            case 8, 9, 10, 11, 12 -> AUTHENTICATION_FAILED;
            case 13 -> step == Step.RecipientRejected ? INACTIVE_MAILBOX : ACCOUNT_SUSPENDED;
            case 16 -> TOO_LARGE;
            case 17, 18 -> INVALID_RECIPIENT;
            case 27 -> SENDER_NOT_ALLOWED;
            case 28 -> RATE_LIMITED;
            default -> step == Step.Authentication ? AUTHENTICATION_FAILED : POLICY_REJECTED;
        };
    }

    private static ReplyClass byCode(Step step, Reply reply) {
        return switch (reply.code()) {
            case 432, 454, 530, 534, 535, 538 -> AUTHENTICATION_FAILED;
            case 525 -> ACCOUNT_SUSPENDED;
            case 500, 501, 502, 503, 504, 455, 555 -> PROTOCOL_ERROR;
            case 556 -> INVALID_RECIPIENT;
            case 552 -> switch (step) {
                case SenderRejected, MessageRejected -> TOO_LARGE;
                // RFC 5321 section 4.5.3.1.10: it may stand for 452. Those who mean a mailbox that is full say so.
                default -> TOO_MANY_RECIPIENTS;
            };
            case 452 -> step == Step.RecipientRejected ? TOO_MANY_RECIPIENTS : TEMPORARY;
            default -> reply.code() < 500 ? TEMPORARY : switch (step) {
                case Authentication -> AUTHENTICATION_FAILED;
                case SenderRejected -> SENDER_NOT_ALLOWED;
                case RecipientRejected -> INVALID_RECIPIENT;
                case Connection -> POLICY_REJECTED;
                default -> OTHER;
            };
        };
    }

    private static ReplyClass ofHttp(int status) {
        return switch (status) {
            case 401, 403 -> AUTHENTICATION_FAILED;
            case 404 -> SENDER_NOT_ALLOWED;
            case 413 -> TOO_LARGE;
            case 429 -> RATE_LIMITED;
            case 507 -> QUOTA_EXCEEDED;
            case 400, 405, 415, 422 -> CONTENT_REJECTED;
            default -> TEMPORARY;
        };
    }

    private static ReplyAction httpAction(int status) {
        return switch (status) {
            case 400, 405, 413, 415, 422 -> new ReplyAction.Bounce();
            case 401, 403, 404, 507 -> new ReplyAction.RetryElsewhere();
            default -> new ReplyAction.Retry();
        };
    }
}
