package dev.postrider.transport;

import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.util.Optional;

/** What became of one recipient in one attempt. */
public sealed interface Verdict {

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
     */
    record Refused(Step step, boolean permanent, Optional<Reply> reply, String message,
            Optional<Duration> retryAfter) implements Verdict {

        /** By a server that did not say when to try again. */
        public Refused(Step step, boolean permanent, Optional<Reply> reply, String message) {
            this(step, permanent, reply, message, Optional.empty());
        }
    }
}
