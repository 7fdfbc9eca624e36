package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Envelope;
import dev.postrider.transport.MessageContent;
import java.time.Instant;
import java.util.List;

/**
 * A message with those of its recipients that are due.
 *
 * @param id       the queue id
 * @param sender   the reverse-path; empty for the null sender
 * @param received when it was accepted
 * @param content  read from the queue at each {@code open}
 */
public record QueuedMessage(ResourceKey organization, String id, String sender, boolean eightBit, boolean smtpUtf8,
        Instant received, MessageContent content, List<QueuedRecipient> recipients) {

    /**
     * A recipient that waits for delivery.
     *
     * @param number   its place in the envelope, from 0
     * @param attempts how often it was tried
     */
    public record QueuedRecipient(int number, String address, int attempts) {}

    /** The envelope for some of its recipients. */
    public Envelope envelope(List<QueuedRecipient> some) {
        return new Envelope(sender, some.stream().map(QueuedRecipient::address).distinct().toList(), eightBit,
                smtpUtf8);
    }
}
