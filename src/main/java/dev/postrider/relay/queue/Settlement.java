package dev.postrider.relay.queue;

import dev.postrider.transport.MessageContent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What became of a claimed message. Recipients that it does not name stay as they are.
 *
 * @param done     numbers of recipients that are delivered or given up
 * @param deferred recipients to try again
 * @param bounce   a report to the sender, queued in the same step
 */
public record Settlement(List<Integer> done, List<Deferral> deferred, Optional<Bounce> bounce) {

    /**
     * A recipient to try again.
     *
     * @param server where it was tried
     * @param reply  what it answered, or what went wrong
     */
    public record Deferral(int number, int attempts, Instant next, String server, String reply) {}

    /**
     * A report of failed delivery, sent from the null sender.
     *
     * @param recipient the sender of the message that failed
     * @param content   the report, small enough to be held in memory
     * @param smtpUtf8  whether it needs SMTPUTF8; it then holds octets above 127
     * @param received  when it was made
     */
    public record Bounce(String recipient, MessageContent content, boolean smtpUtf8, Instant received) {}
}
