package dev.postrider.message;

import dev.postrider.reply.Reply;
import java.io.IOException;
import java.util.Optional;

/** Says why a message cannot be sent, or made anew for a server. */
public final class MessageException extends Exception {
    /** Of a message with octets above 127 that stays as it is, for a server that takes none (RFC 3463 section 3.7). */
    public static final String NOT_ENCODED = "5.6.3";
    /** Of a message that needs SMTPUTF8, for a server without it (RFC 6531). */
    public static final String NOT_DOWNGRADED = "5.6.7";

    private final String status;
    private final transient Optional<Reply> reply;

    private MessageException(String status, Optional<Reply> reply, String why) {
        super(why);
        this.status = status;
        this.reply = reply;
    }

    /**
     * Another attempt is useless.
     *
     * @param status enhanced status code (RFC 3463), as {@code 5.6.7}
     * @param why    for people, with what to do next
     */
    public static MessageException permanent(String status, String why) {
        return new MessageException(status, Optional.empty(), why);
    }

    /**
     * Another attempt is useless, and reports of delivery quote a reply.
     *
     * @param code 500 to 599
     */
    public static MessageException permanent(int code, String status, String why) {
        return new MessageException(status,
                Optional.of(new Reply(code, Optional.of(status), code + " " + status + " " + why)), why);
    }

    /** Another attempt may go well. */
    public static MessageException passing(String why) {
        return new MessageException("", Optional.empty(), why);
    }

    /** The store of a message failed. */
    public static MessageException unreadable(IOException failure) {
        return passing("the message could not be read: " + failure.getMessage() + "; it will be tried again");
    }

    /** Enhanced status code (RFC 3463) where another attempt is useless, else empty. */
    public Optional<String> status() {
        return Optional.of(status).filter(code -> !code.isEmpty());
    }

    /** What reports of delivery quote, if there is such. */
    public Optional<Reply> reply() {
        return reply == null ? Optional.empty() : reply;
    }
}
