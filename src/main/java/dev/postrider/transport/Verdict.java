package dev.postrider.transport;

import dev.postrider.reply.Meaning;
import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyAction;
import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.util.Optional;

/** What became of one recipient in one attempt. */
public sealed interface Verdict {

    /** What a refusal is about, as logs, events and metrics have it, where a server gave a reply. */
    default Optional<String> replyClass() {
        return this instanceof Refused refused
                ? refused.meaning().map(meaning -> meaning.replyClass().text())
                : Optional.empty();
    }

    /**
     * The server took the message for this recipient; it is now responsible (RFC 5321 section 4.1.1.4).
     *
     * @param reportsPassedOn whether it also took over what the sender wants to be told (RFC 3461 section 5.2.1)
     */
    record Accepted(Reply reply, boolean reportsPassedOn) implements Verdict {}

    /**
     * The server did not take it.
     *
     * @param step      where it failed
     * @param permanent whether another attempt is useless: a 5yz reply that is about this message or recipient. What
     *                  a person at the server or in the resource can mend (login, TLS, connection) is never permanent
     * @param reply     the server's reply, if it came to one
     * @param message   what failed and what to do next, for people; nothing secret
     * @param retryAfter how long the server wants to be left alone, where it said so: nothing is sent to it before
     * @param status    enhanced status code (RFC 3463), where it was not the server who refused
     * @param inTransaction whether the session stood and this mail was being handed over, so that it may be due to
     *                  this mail rather than to the server
     * @param meaning   what the reply means by the rules, where the server gave one
     */
    record Refused(Step step, boolean permanent, Optional<Reply> reply, String message,
            Optional<Duration> retryAfter, Optional<String> status, boolean inTransaction,
            Optional<Meaning> meaning) implements Verdict {

        /** Before a mail was handed over. */
        public Refused(Step step, boolean permanent, Optional<Reply> reply, String message,
                Optional<Duration> retryAfter, Optional<String> status) {
            this(step, permanent, reply, message, retryAfter, status, false, Optional.empty());
        }

        /** By a server. */
        public Refused(Step step, boolean permanent, Optional<Reply> reply, String message,
                Optional<Duration> retryAfter) {
            this(step, permanent, reply, message, retryAfter, Optional.empty());
        }

        /** By Postrider itself, for what the status code says. */
        public Refused(Step step, boolean permanent, String status, String message) {
            this(step, permanent, Optional.empty(), message, Optional.empty(), Optional.of(status));
        }

        /** By a server that did not say when to try again. */
        public Refused(Step step, boolean permanent, Optional<Reply> reply, String message) {
            this(step, permanent, reply, message, Optional.empty());
        }

        /** The same, while a mail was being handed over. */
        public Refused whileHandedOver() {
            return new Refused(step, permanent, reply, message, retryAfter, status, true, meaning);
        }

        /** The same with what its reply means: only what is about the message or a recipient stays permanent. */
        public Refused meaning(Meaning some) {
            boolean ofMessage = switch (some.action()) {
                case ReplyAction.Bounce _,ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ -> true;
                case ReplyAction.Retry _,ReplyAction.RetryElsewhere _,ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.FewerConnections _,ReplyAction.HoldOrganization _ ->
                    false;
            };
            return new Refused(step, permanent && ofMessage, reply, message, retryAfter, status, inTransaction,
                    Optional.of(some));
        }

        /**
         * What reports of delivery say: the server's own status code, or one for the step that failed (RFC 3463; for TLS
         * as Postfix has it).
         *
         * @param givenUp whether the message is, which decides on the first digit
         */
        public String enhancedStatus(boolean givenUp) {
            String known = reply.flatMap(Reply::enhanced)
                    .or(() -> status)
                    .orElseGet(() -> reply.filter(Reply::isSmtp).isPresent() ? "5.0.0" : "5." + switch (step) {
                        case NameResolution -> "4.4";
                        case Connection -> "4.1";
                        case Timeout -> "4.2";
                        case Tls -> "7.4";
                        case Certificate -> "7.5";
                        case Authentication -> "7.0";
                        case SenderRejected -> "1.8";
                        case RecipientRejected -> "1.0";
                        case MessageRejected -> "6.0";
                    });
            return (givenUp ? "5" : "4") + known.substring(1);
        }
    }
}
