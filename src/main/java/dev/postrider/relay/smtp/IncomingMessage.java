package dev.postrider.relay.smtp;

import java.io.IOException;
import java.io.OutputStream;

/** A message while it comes in. Closed without {@link #commit}, it never was. */
public interface IncomingMessage extends AutoCloseable {

    /** The name under which it can be asked for, told to the client in the 250. */
    String id();

    /** Takes the message, with CR LF and without dot stuffing. May throw a {@link RefusedException} as well. */
    OutputStream content();

    /**
     * Makes it durable. After this the listener answers 250, and the message must not be lost.
     *
     * @param eightBit whether it holds octets above 127
     * @throws NoSpaceException if there is no room for it
     * @throws RefusedException if it must not be taken for what it holds
     * @throws IOException      if it could not be made durable
     */
    void commit(boolean eightBit) throws IOException;

    @Override
    void close();

    /** There is no room for a message; answered 452 4.3.1. */
    final class NoSpaceException extends IOException {
        private static final long serialVersionUID = 1L;

        public NoSpaceException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A message must not be taken for what it holds. */
    final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final transient SubmissionPolicy.Refusal refusal;

        public RefusedException(SubmissionPolicy.Refusal refusal) {
            super(refusal.text());
            this.refusal = refusal;
        }

        /** What the client is told. */
        SubmissionPolicy.Refusal refusal() {
            return refusal;
        }
    }
}
