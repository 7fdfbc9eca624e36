package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.AutoSubmitted;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Hands over mail from the null sender (RFC 5321 section 4.5.5), from another sender where the server does not take that.
 * Amazon SES answers 501 to {@code MAIL FROM:<>}, Exchange and others 550, 553 or 554, and Postfix says so to the
 * recipient (smtpd_delay_reject).
 *
 * <p>Only the envelope of this one transaction changes: in the queue the mail stays from the null sender, so that no
 * report is ever made of it. Its header says that no program should answer (RFC 3834 section 5).
 */
final class NullSender {
    private static final Pattern OF_SENDER = Pattern.compile(
            "\\bsender\\b.*(?:reject|den(?:y|ied)|refus|invalid|not (?:allowed|owned|accepted|permitted))"
                    + "|(?:null|empty|blank) (?:sender|return|reverse|envelope)|\\bmail from\\b",
            Pattern.CASE_INSENSITIVE);

    private final ResourceKey server;
    private final Endpoint.Smtp endpoint;
    private final ObservedLimits observed;
    private final PartialDelivery.Sending sending;

    /** @param sending one transaction */
    NullSender(ResourceKey server, Endpoint.Smtp endpoint, ObservedLimits observed, PartialDelivery.Sending sending) {
        this.server = server;
        this.endpoint = endpoint;
        this.observed = observed;
        this.sending = sending;
    }

    /**
     * One transaction, or two where the server has just refused the null sender.
     *
     * @throws RefusedException if it came to none
     */
    Map<String, Verdict> send(Envelope envelope, MessageContent message) throws RefusedException {
        if (!envelope.sender().isEmpty() || envelope.nullSenderSubstitute().isEmpty()) {
            return sending.send(envelope, message);
        }
        if (observed.refusesNullSender(server, endpoint)) {
            return sendFromOther(envelope, message);
        }
        Map<String, Verdict> verdicts = sending.send(envelope, message);
        List<String> refused = verdicts.entrySet()
                .stream()
                .filter(entry -> isForSender(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (refused.isEmpty()) {
            return verdicts;
        }
        Map<String, Verdict> all = new LinkedHashMap<>(verdicts);
        Map<String, Verdict> again = sendFromOther(envelope.to(refused), message);
        if (again.values().stream().anyMatch(Verdict.Accepted.class::isInstance)) {
            observed.learnNullSenderRefused(server, endpoint);
        }
        all.putAll(again);
        return all;
    }

    private Map<String, Verdict> sendFromOther(Envelope envelope, MessageContent message) throws RefusedException {
        try {
            return sending.send(envelope.from(envelope.nullSenderSubstitute().orElseThrow()),
                    AutoSubmitted.mark(message));
        } catch (MessageException e) {
            throw RefusedException.of(Step.MessageRejected, e);
        }
    }

    /** Neither for a login or account, which are the same for any sender, nor for the size (552). */
    private static boolean isForSender(Verdict verdict) {
        if (!(verdict instanceof Verdict.Refused refused) || isOfAccount(refused)) {
            return false;
        }
        Optional<Reply> reply = refused.reply().filter(r -> r.code() >= 500);
        return switch (refused.step()) {
            case SenderRejected -> reply.isPresent();
            case RecipientRejected -> reply.filter(r -> OF_SENDER.matcher(r.text()).find()).isPresent();
            default -> false;
        };
    }

    private static boolean isOfAccount(Verdict.Refused refused) {
        return refused.meaning()
                .filter(meaning -> meaning.replyClass() != ReplyClass.SENDER_NOT_ALLOWED)
                .map(Meaning::action)
                .filter(action -> switch (action) {
                    case ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.FewerConnections _,ReplyAction.HoldOrganization _ ->
                        true;
                    case ReplyAction.Bounce _,ReplyAction.Retry _,ReplyAction.RetryElsewhere _,ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ ->
                        false;
                })
                .isPresent();
    }
}
