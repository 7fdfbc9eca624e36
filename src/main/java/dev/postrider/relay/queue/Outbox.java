package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Events for the organizations' webhooks, kept until they are told. Safe for many threads. */
public interface Outbox {

    /**
     * An event that waits.
     *
     * @param id       unique among those of the organization; later ones sort after earlier ones
     * @param content  JSON
     * @param attempts how often it was tried
     * @param holder   under which name this relay holds it; empty where there is only one relay
     */
    record Waiting(ResourceKey organization, String id, String content, int attempts, String holder) {}

    /**
     * The events of an organization that no other relay holds.
     *
     * @param next   when the first of them is due
     * @param events how many there are
     */
    record Scheduled(Instant next, int events) {}

    /** Organizations with events that no other relay holds. */
    Map<ResourceKey, Scheduled> schedule() throws QueueException;

    /** Forgets the oldest events of an organization that no relay holds, whether or not they are due. */
    void dropOldest(ResourceKey organization, int events) throws QueueException;

    /**
     * An organization's events that are due, oldest first. This relay holds them from now on, until they are done or put
     * off, or it is given up by the others; it may ask for them again.
     */
    List<Waiting> due(ResourceKey organization, Instant now, int most) throws QueueException;

    /** Whether this relay still holds it; to be asked before it is told. */
    boolean holds(Waiting event);

    /** Forgets an event that was told or is given up. */
    void done(Waiting event) throws QueueException;

    /** Puts an event off after another failed attempt. */
    void defer(Waiting event, Instant next) throws QueueException;
}
