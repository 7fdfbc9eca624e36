package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What is known of attachments that are kept for download. Safe for many threads. */
public interface KeptAttachments {

    /** Those of a message, by their place in it. */
    List<KeptAttachment> of(ResourceKey organization, String message) throws QueueException;

    /** The one that a token asks for; it does not say the token. */
    Optional<KeptAttachment> find(String tokenSha256) throws QueueException;

    /**
     * Notes attachments of one organization that are about to be stored. Those that are noted already stay as they are.
     *
     * @param most            octets that the organization may have in the store; relays that do this at the same moment
     *                        may go beyond it by what each of them stores
     * @param mostOfNamespace the same of its namespace
     * @return whether there is so much room; nothing is noted if not
     */
    Room reserve(List<KeptAttachment> attachments, long most, long mostOfNamespace) throws QueueException;

    /** Whether there is room for attachments, or what has none. */
    enum Room {
        ENOUGH, ORGANIZATION_FULL, NAMESPACE_FULL
    }

    /** Notes that attachments are stored, and until when. */
    void stored(Collection<KeptAttachment> attachments) throws QueueException;

    /** Those that have expired and are not removed, and those whose storing was broken off and will not go on. */
    List<KeptAttachment> toBeRemoved(Instant now, Instant brokenOffBefore, int most) throws QueueException;

    /** Notes that attachments are gone from the store. */
    void removed(Collection<KeptAttachment> attachments) throws QueueException;

    /** Forgets tokens of messages that are no longer queued, and attachments that expired before a time. */
    void forget(Instant expiredBefore) throws QueueException;
}
