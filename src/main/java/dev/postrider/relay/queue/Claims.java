package dev.postrider.relay.queue;

import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which messages are in somebody's hands, so that nobody else takes them. Safe for many threads. */
interface Claims {

    /** Takes messages that have recipients due and that nobody has, oldest attempt first; returns their ids. */
    List<String> takeDue(ResourceKey organization, Instant now, int most) throws QueueException;

    /** As {@link #takeDue}, those of urgent classes alone, the most urgent first: see {@link MailClass#urgency()}. */
    List<String> takeUrgent(ResourceKey organization, Instant now, int most) throws QueueException;

    /** Takes messages received before a time that nobody has, due or not. */
    List<String> takeReceivedBefore(ResourceKey organization, Instant time, int most) throws QueueException;

    /** Takes a message if nobody has it; says whether it did. */
    boolean take(ResourceKey organization, String id) throws QueueException;

    /** Whether this relay may take messages now. */
    boolean mayTake();

    /**
     * Takes a message that is about to be inserted.
     *
     * @return what to insert as {@code claimed_by}
     */
    Optional<String> takeNew(String id);

    /** Whether a message that was taken is still this relay's. */
    boolean isHeld(String id);

    /** What {@code claimed_by} of a message that was taken says as long as it is still this relay's. */
    Optional<String> claimedBy(String id);

    /** What drafts are marked with. */
    String replica();

    /** Gives a message back that is as it was. */
    void free(ResourceKey organization, String id);

    /** Gives a message back that could not be inserted, or comes to be there all the same, perhaps only in a while. */
    void freeInDoubt(ResourceKey organization, String id);

    /** Called when a message was settled and that is on disk. */
    void settled(String id);

    /** When the next recipient of a message that nobody has is due. */
    Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException;

    /**
     * Whether somebody has it.
     *
     * @param claimedBy as stored
     */
    boolean isTaken(String id, @Nullable String claimedBy);
}
