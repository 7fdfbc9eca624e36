package dev.postrider.relay.smtp;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Who may submit to a listener, and what becomes of the mail. Called by many sessions at a time. */
public interface SubmissionPolicy {

    /** Whether a client logs in. */
    enum Authentication {
        /** AUTH is not offered. */
        NONE,
        /** AUTH is offered, mail is taken without it as well. */
        OPTIONAL,
        /** No mail without AUTH. */
        REQUIRED
    }

    /** Whether clients of this listener log in. */
    Authentication authentication();

    /**
     * Lets a client in or not. Must take similar time for users that do not exist; may ask others and so take long.
     */
    Admission admit(String user, String password);

    /** Why mail of this client is refused now; asked at each MAIL. */
    Optional<Refusal> refusal(Optional<String> user);

    /**
     * Why no message of this size is taken from this client now; asked at each MAIL.
     *
     * @param octets 0 if the client does not say
     */
    default Optional<Refusal> refusalOfSize(Optional<String> user, long octets) {
        return Optional.empty();
    }

    /**
     * Why this client may not be this envelope sender; asked at each MAIL.
     *
     * @param reversePath without angle brackets; empty for the null sender
     */
    default Optional<Refusal> refusalOfSender(Optional<String> user, String reversePath) {
        return Optional.empty();
    }

    /**
     * Why this client may not send to this recipient; asked at each RCPT.
     *
     * @param mailbox without angle brackets
     * @param before  the recipients that the mail has already
     */
    default Optional<Refusal> refusalOfRecipient(Optional<String> user, String mailbox, List<Recipient> before) {
        return Optional.empty();
    }

    /** Whether reports are made as clients ask for them (RFC 3461); only then DSN is offered. */
    default boolean offersDsn() {
        return false;
    }

    /**
     * Octets that a message of this client may have at most; more is refused with 552 5.3.4. The listener's own limit
     * holds besides.
     */
    default long messageSize(Optional<String> user) {
        return Long.MAX_VALUE;
    }

    /**
     * Hears that something was refused, to count it.
     *
     * @param user who has logged in, or tried to
     * @param at   connection, login, mail, recipient or data
     */
    default void refused(Optional<String> user, String at) {}

    /**
     * Opens the place where a message is stored.
     *
     * @throws IOException if there is none now; the client is told to try again
     */
    IncomingMessage open(Submission submission) throws IOException;

    /** What becomes of a login. */
    sealed interface Admission {
        /** User name or password is wrong. */
        Admission WRONG = new Denied(new Refusal(535, "5.7.8", "user name or password is wrong"));

        /** In if that is so, else user name or password is wrong. */
        static Admission when(boolean right, String user) {
            return right ? new Admitted(user, user, Optional.empty()) : WRONG;
        }
    }

    /**
     * The client is logged in.
     *
     * @param account whose sessions it counts among
     * @param group   whose sessions it counts among together with those of other accounts
     * @param ticket  what comes back to the policy with each mail of the session
     */
    record Admitted(String account, String group, Optional<Ticket> ticket) implements Admission {}

    /** The client is not logged in. */
    record Denied(Refusal refusal) implements Admission {}

    /** What a policy wants to know again of a login; its {@code toString} shows nothing secret. */
    interface Ticket {}

    /**
     * A reply that refuses.
     *
     * @param code   4yz or 5yz (RFC 5321 section 4.2)
     * @param status enhanced status code (RFC 3463)
     * @param text   one line of ASCII
     */
    record Refusal(int code, String status, String text) {}
}
