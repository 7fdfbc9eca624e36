package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Verdict;
import java.time.Duration;

/**
 * What a server said about one recipient.
 *
 * @param duration of the attempt
 */
record Outcome(QueuedRecipient recipient, ServerRoute server, Verdict verdict, Duration duration) {

    /** Whether another server may take the message: this one could not be reached, or does not take SMTPUTF8. */
    boolean mayGoElsewhere() {
        return concernsServer() || verdict instanceof Verdict.Refused refused && refused.reply().isEmpty()
                && refused.status().filter("5.6.7"::equals).isPresent();
    }

    /** Whether a server failed with one mail in hand and did not say that it wants to be left alone. */
    static boolean mayBeDueToMail(Verdict.Refused failure) {
        return failure.inTransaction() && failure.retryAfter().isEmpty();
    }

    /** Whether it says something about the server, so that another may take the message. */
    boolean concernsServer() {
        return verdict instanceof Verdict.Refused refused && !refused.permanent() && switch (refused.step()) {
            case NameResolution, Connection, Tls, Certificate, Timeout -> true;
            // A submitter's login says nothing of the server, and must not be tried at all of them.
            case Authentication -> !(server.endpoint().wantsSubmitter() && SubmitterLogins.isWrongLogin(refused));
            case SenderRejected, RecipientRejected, MessageRejected ->
                refused.retryAfter().isPresent() || refused.reply().filter(r -> r.code() == 421).isPresent();
        };
    }
}
