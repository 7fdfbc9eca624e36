package dev.postrider.relay.queue;

import java.io.OutputStream;

/** A message on its way into the queue. Used by one thread. Closed without {@link #commit}, it leaves nothing. */
public interface Draft extends AutoCloseable {

    /** The queue id: 16 characters, later ones sort after earlier ones. */
    String id();

    /**
     * Keeps room for so many octets, so that what others send meanwhile does not take it.
     *
     * @throws QueueException as {@link #commit} does; then it keeps none
     */
    void expect(long octets) throws QueueException;

    /** Octets that were taken so far. */
    long size();

    /**
     * Takes the message. Big ones go to disk as they come; a write then throws {@link QueueException}, as
     * {@link #commit} does.
     */
    OutputStream content();

    /**
     * Makes it durable and due at once.
     *
     * @return the queue id of the message: that of an earlier one if this repeats it, which is then not queued again
     * @throws QueueException.OverLimit if the queue or the organization has reached a limit
     * @throws QueueException.Full      if there is no room on the disk
     * @throws QueueException           if it could not be made durable for another reason; in each case it is not in
     *                                  the queue
     */
    String commit(NewMessage message) throws QueueException;

    @Override
    void close();
}
