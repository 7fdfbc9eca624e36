package dev.postrider.relay.queue;

import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Mail that was accepted and is not yet delivered or given up. Organizations lead everything, so that a queue can be
 * spread by them. Safe for many threads; methods block until what they promise is on disk.
 */
public interface Queue extends AutoCloseable {

    /** Starts a message of whoever has the organization's name; nothing of it is seen before it is committed. */
    default Draft draft(ResourceKey organization) {
        return draft(organization, "");
    }

    /**
     * Starts a message; nothing of it is seen before it is committed.
     *
     * @param owner UID of the organization; the commit fails if the name is another's by then. Empty where organizations
     *              have none
     */
    Draft draft(ResourceKey organization, String owner);

    /**
     * Makes sure that names are their owners': what was queued and counted under a name by somebody else is set aside
     * under a key of its own, see {@link FormerOwner}, where nobody delivers it. To be called before mail is taken or
     * delivered for an owner who is new. What was never anybody's is the owner's.
     *
     * @param owners UIDs of organizations
     */
    HandOver handOver(Map<ResourceKey, String> owners) throws QueueException;

    /** Those of these names that are somebody else's, so that {@link #handOver} has work to do. */
    Set<ResourceKey> ownedByOthers(Map<ResourceKey, String> owners) throws QueueException;

    /**
     * What came of it.
     *
     * @param stale  names that belong to others who came after these owners
     * @param former under which keys something was set aside
     */
    record HandOver(List<ResourceKey> stale, List<ResourceKey> former) {}

    /**
     * Says whether a message of this size would be taken now; 0 for one of which nothing is known.
     *
     * @throws QueueException.OverLimit if a limit is reached, or the share of the organization or its namespace
     * @throws QueueException           if it would not for another reason
     */
    void check(ResourceKey organization, long octets) throws QueueException;

    /**
     * Takes messages that have recipients due, oldest attempt first, and keeps others from taking them until they are
     * settled or released.
     *
     * @param most messages
     */
    List<QueuedMessage> claim(ResourceKey organization, Instant now, int most) throws QueueException;

    /** As {@link #claim}, messages of urgent classes alone, the most urgent first. */
    List<QueuedMessage> claimUrgent(ResourceKey organization, Instant now, int most) throws QueueException;

    /**
     * Whether a claimed message is still this relay's; to be asked before an attempt. A relay that was not heard of for
     * long loses its messages to the others, and then just releases them.
     */
    boolean holds(QueuedMessage message);

    /** Gives a claimed message back as it was. */
    void release(QueuedMessage message);

    /**
     * Records what became of a claimed message and gives it back. Once no recipient is left, the message is gone.
     *
     * @throws QueueException if it could not be recorded; the message then stays claimed
     */
    void settle(QueuedMessage message, Settlement settlement) throws QueueException;

    /** When the next recipient of an organization is due, those of claimed and held messages left aside. */
    Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException;

    /** All organizations with mail that is not held, and when the next is due. */
    Map<ResourceKey, Instant> schedule() throws QueueException;

    /** The reports that reached nobody, of each organization that lost one within a day. */
    List<LostReports> lostReports() throws QueueException;

    /** Throws away an organization's mail, claimed messages left aside; returns how many messages. */
    int removeAll(ResourceKey organization) throws QueueException;

    /** Throws away an organization's mail received before a time; returns how many messages. */
    int removeReceivedBefore(ResourceKey organization, Instant time) throws QueueException;

    /** How much of an organization is queued. */
    Usage usage(ResourceKey organization);

    /** How much is queued. */
    Usage usage();

    /** How much of each organization is queued, those with nothing left out. */
    Map<ResourceKey, Usage> usages();

    /** Whom to tell that mail has come. */
    void onArrival(Arrivals arrivals);

    /** What people see of the queue, and do with it. */
    QueueView view();

    /** Events for webhooks that are not yet told. */
    Outbox outbox();

    /** Attachments that are kept for download. */
    KeptAttachments keptAttachments();

    /** What became of each organization's mail, day by day. */
    Counters counters();

    /** Who may open connections to the servers, so that all relays together keep within the limits. */
    ConnectionPermits permits();

    /** How much may be sent to the servers, so that all relays together keep within the rates. */
    SendingRates rates();

    /** How much organizations submit, so that all relays together keep within their limits. */
    Quotas quotas();

    /** Where attempts under way are marked, if relays share the queue. */
    Optional<AttemptMarks> attemptMarks();

    /** Writes and commits next to nothing, to see whether that works. */
    void probe() throws QueueException;

    @Override
    void close();
}
