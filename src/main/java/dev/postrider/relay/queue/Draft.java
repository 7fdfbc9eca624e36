package dev.postrider.relay.queue;

import java.io.OutputStream;
import java.time.Instant;
import java.util.List;

/** A message on its way into the queue. Used by one thread. Closed without {@link #commit}, it leaves nothing. */
public interface Draft extends AutoCloseable {

    /** The queue id: 16 characters, later ones sort after earlier ones. */
    String id();

    /** Takes the message. Big ones go to disk as they come. */
    OutputStream content();

    /**
     * Makes it durable and due at once.
     *
     * @param sender     the reverse-path; empty for the null sender
     * @param recipients at least one
     * @throws QueueException if it could not be made durable; then it is not in the queue
     */
    void commit(String sender, List<String> recipients, boolean eightBit, boolean smtpUtf8, Instant received)
            throws QueueException;

    @Override
    void close();
}
