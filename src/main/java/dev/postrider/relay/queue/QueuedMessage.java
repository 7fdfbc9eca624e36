package dev.postrider.relay.queue;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.message.Oversize;
import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A message with those of its recipients that are due.
 *
 * @param id          the queue id
 * @param sender      the reverse-path; empty for the null sender
 * @param dsn         what the sender wants to be told
 * @param traceParent the trace that it belongs to (W3C Trace Context)
 * @param credentials of whoever submitted it, encrypted; empty for the organization's own mail
 * @param received    when it was accepted
 * @param content     in memory, or read from the queue at each {@code open}
 * @param recipients  those that are due
 * @param others      how many recipients it has besides
 * @param owner       UID of the organization that has sent it; empty if that is not known
 * @param countedAs   the class as which it is counted, empty text for none; empty for what is not counted
 * @param longLines   whether it may have lines of more than 998 octets
 */
public record QueuedMessage(ResourceKey organization, String owner, String id, String sender, boolean eightBit,
        boolean smtpUtf8,
        DsnRequest dsn, Optional<String> traceParent, Optional<byte[]> credentials, Instant received,
        MessageContent content,
        List<QueuedRecipient> recipients, int others, Optional<String> countedAs, boolean longLines) {

    /** A message that came with the organization's own login. */
    public QueuedMessage(ResourceKey organization, String id, String sender, boolean eightBit, boolean smtpUtf8,
            DsnRequest dsn, Optional<String> traceParent, Instant received, MessageContent content,
            List<QueuedRecipient> recipients, int others) {
        this(organization, "", id, sender, eightBit, smtpUtf8, dsn, traceParent, Optional.empty(), received, content,
                recipients, others, Optional.empty(), true);
    }

    /**
     * A recipient that waits for delivery.
     *
     * @param number        its place in the envelope, from 0
     * @param dsn           what the sender wants to be told about him
     * @param attempts      how often it was tried
     * @param delayReported whether the sender was told that it takes long
     */
    public record QueuedRecipient(int number, String address, RecipientDsnRequest dsn, int attempts,
            boolean delayReported) {}

    /** See {@link MailClass#urgency()}. */
    public int urgency() {
        return countedAs.flatMap(MailClass::parse).map(MailClass::urgency).orElse(0);
    }

    QueuedMessage withContent(MessageContent other) {
        return new QueuedMessage(organization, owner, id, sender, eightBit, smtpUtf8, dsn, traceParent, credentials,
                received, other, recipients, others, countedAs, longLines);
    }

    /** The envelope for some of its recipients, with what may be done if it is too large. */
    public Envelope envelope(List<QueuedRecipient> some, Optional<Oversize> oversize) {
        Map<String, RecipientDsnRequest> reports = new LinkedHashMap<>();
        for (QueuedRecipient recipient : some) {
            reports.putIfAbsent(recipient.address, reports(recipient));
        }
        return new Envelope(sender, List.copyOf(reports.keySet()), eightBit, smtpUtf8, dsn, reports, oversize)
                .withLongLines(longLines);
    }

    /** Nobody is to be told about a report (RFC 3461 section 6.1). */
    private RecipientDsnRequest reports(QueuedRecipient recipient) {
        return sender.isEmpty() && recipient.dsn.conditions().isEmpty()
                ? new RecipientDsnRequest(Set.of(Notify.NEVER), recipient.dsn.orcpt())
                : recipient.dsn;
    }
}
