package dev.postrider.route;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What became of a test mail. Nothing in it is secret.
 *
 * @param time      when the test ended
 * @param duration  how long it took
 * @param server    host, port and, once connected, the address that answered
 * @param reply     the server's last reply
 * @param tls       the connection's protection, if it was encrypted
 * @param failure   what went wrong; empty when the server took the mail
 */
public record TestResult(Instant time, Duration duration, String server, Optional<String> reply, Optional<Tls> tls,
        Optional<Failure> failure) {

    /** The step of a delivery that failed. */
    public enum Step {
        NameResolution, Connection, Tls, Certificate, Authentication, SenderRejected, RecipientRejected, MessageRejected, Timeout
    }

    /**
     * How a connection was encrypted.
     *
     * @param protocol as {@code TLSv1.3}
     * @param cipher   the suite's standard name
     */
    public record Tls(String protocol, String cipher) {}

    /**
     * What went wrong.
     *
     * @param step       where it failed
     * @param message    the step, what failed and what to do next, for people
     * @param dialogue   the dialogue with the server up to there, credentials removed
     * @param replyClass what the server's reply is about, where it gave one
     */
    public record Failure(Step step, String message, String dialogue, Optional<String> replyClass) {

        /** Without a reply of the server. */
        public Failure(Step step, String message, String dialogue) {
            this(step, message, dialogue, Optional.empty());
        }
    }

    public boolean accepted() {
        return failure.isEmpty();
    }
}
