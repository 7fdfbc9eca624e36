package dev.postrider.relay.delivery;

import dev.postrider.message.MessageException;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.reply.Meaning;
import dev.postrider.reply.ReplyAction;
import dev.postrider.reply.ReplyClass;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What a server said about one recipient.
 *
 * @param duration of the attempt
 */
record Outcome(QueuedRecipient recipient, ServerRoute server, Verdict verdict, Duration duration) {
    /** How long a message waits that found too many connections open, or no room: others may be done by then. */
    private static final Duration CROWDED_RETRY = Duration.ofSeconds(2);

    /**
     * Whether another server may take the message: this one could not be reached, does not take SMTPUTF8 or 8BITMIME,
     * or said something that holds for itself alone.
     */
    boolean mayGoElsewhere() {
        return concernsServer() || verdict instanceof Verdict.Refused refused
                && (action(refused) instanceof ReplyAction.RetryElsewhere || lacksExtension(refused));
    }

    /** Whether the message has no form that this server takes, for want of an extension that others may have. */
    private static boolean lacksExtension(Verdict.Refused refused) {
        return refused.reply().isEmpty() && refused.status()
                .filter(status -> status.equals(MessageException.NOT_DOWNGRADED)
                        || status.equals(MessageException.NOT_ENCODED))
                .isPresent();
    }

    /** Whether a server failed with one mail in hand and did not say why, or that it wants to be left alone. */
    static boolean mayBeDueToMail(Verdict.Refused failure) {
        return failure.inTransaction() && failure.retryAfter().isEmpty() && !isKnown(failure);
    }

    private static ReplyAction action(Verdict.Refused refused) {
        return refused.meaning().map(Meaning::action).orElseGet(ReplyAction.Retry::new);
    }

    /** Whether it is known to concern the account, or how the server is used, and not a mail. */
    static boolean isKnown(Verdict.Refused refused) {
        return switch (action(refused)) {
            case ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.HoldOrganization _,ReplyAction.FewerConnections _ ->
                true;
            case ReplyAction.Bounce _,ReplyAction.Retry _,ReplyAction.RetryElsewhere _,ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ ->
                false;
        };
    }

    /** Whether the server has too many connections. */
    static boolean asksForFewerConnections(Verdict.Refused refused) {
        return action(refused) instanceof ReplyAction.FewerConnections;
    }

    /** Whether all mail of the organization is to wait for a person. */
    static boolean asksForHold(Verdict.Refused refused) {
        return action(refused) instanceof ReplyAction.HoldOrganization;
    }

    /** Whether it is about who the mail is from, and the login: other mail may well be taken. */
    static boolean concernsSender(Verdict.Refused refused) {
        return isKnown(refused)
                && refused.meaning().filter(m -> m.replyClass() == ReplyClass.SENDER_NOT_ALLOWED).isPresent();
    }

    /**
     * When the message is tried again, where that does not follow the schedule and the attempt does not count: at once
     * where the server, or the organization's mail there, rests, for nothing is tried meanwhile.
     *
     * @param otherServerLeft whether another may take it as soon as it has room
     */
    Optional<Instant> restsUntil(boolean otherServerLeft, Instant now) {
        if (!(verdict instanceof Verdict.Refused refused) || !isKnown(refused)) {
            return Optional.empty();
        }
        if (asksForFewerConnections(refused) || otherServerLeft) {
            return Optional.of(now.plus(CROWDED_RETRY));
        }
        return Rest.of(refused, now)
                .map(rest -> concernsSender(refused) || server.endpoint().wantsSubmitter()
                        ? rest.end().orElse(now)
                        : now);
    }

    /** Whether it says something about the server, so that another may take the message. */
    boolean concernsServer() {
        return verdict instanceof Verdict.Refused refused && !isOfSubmitter(refused)
                && (isKnown(refused) || isFailure(refused));
    }

    /** A submitter's login says nothing of the server, and must not be tried at all of them. */
    private boolean isOfSubmitter(Verdict.Refused refused) {
        return server.endpoint().wantsSubmitter() && SubmitterLogins.isWrongLogin(refused);
    }

    /** Whether the message may be next again at once, for this server lets it in no more, or has failed. */
    boolean mayBePutBack() {
        return concernsServer() && verdict instanceof Verdict.Refused refused && !concernsSender(refused);
    }

    private boolean isFailure(Verdict.Refused refused) {
        return !refused.permanent() && switch (refused.step()) {
            case NameResolution, Connection, Tls, Certificate, Timeout, Authentication -> true;
            case SenderRejected, RecipientRejected, MessageRejected ->
                refused.retryAfter().isPresent() || refused.reply().filter(r -> r.code() == 421).isPresent();
        };
    }
}
