package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;

/**
 * Marks of attempts that are under way, which outlive the relay that makes them: whoever takes up the mail of a relay
 * that was lost learns what it was trying. Marks are made of messages that this relay has claimed. Safe for many threads.
 */
public interface AttemptMarks {
    /**
     * An attempt is about to begin. It is marked as under way, unless others failed before.
     *
     * @return how many attempts failed before, or did not end
     */
    int begin(ResourceKey organization, String id) throws QueueException;

    /** An attempt begins of a message whose former attempts failed. */
    void beginAgain(ResourceKey organization, String id) throws QueueException;

    /** An attempt has ended; how many failed before stays known. */
    void end(ResourceKey organization, String id);

    /** Attempts have failed by a fault of the relay. */
    void failed(ResourceKey organization, String id, int failures) throws QueueException;

    /** The message is gone, or in a person's hands. */
    void forget(ResourceKey organization, String id);
}
