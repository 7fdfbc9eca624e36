package dev.postrider.transport;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;

/**
 * A way to one upstream server that keeps its connection between messages. Used by one thread at a time.
 *
 * <p>Connects when the first message is sent. What a server or a network does ends in a {@link Verdict}, never in an
 * exception.
 */
public interface Upstream extends AutoCloseable {

    /** Hands over one message and says for each recipient what became of it. */
    Attempt send(Envelope envelope, MessageContent message);

    /**
     * Connects and logs in, as before the first message, and sends none. Where the login is the submitter's and none is
     * known, it ends with the server's offer of AUTH.
     */
    Opening open();

    /** Whether the connection is still good for another message. */
    boolean isOpen();

    /** Says goodbye (QUIT), waits up to two seconds for the answer, and closes. */
    @Override
    void close();
}
