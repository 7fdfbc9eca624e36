package dev.postrider.relay.smtp;

import java.io.IOException;
import java.util.function.Consumer;

/** What a session answers (RFC 5321 section 4.2, RFC 2034), and whether that was its last word. */
final class Replies {
    private final Connection connection;
    private final Consumer<String> refused;
    private int bad;
    private boolean over;
    private boolean abrupt;

    /** @param refused hears at what something was refused */
    Replies(Connection connection, Consumer<String> refused) {
        this.connection = connection;
        this.refused = refused;
    }

    /** @param status enhanced status code (RFC 3463); none if empty */
    void say(int code, String status, String text) throws IOException {
        bad = code < 400 ? 0 : code >= 500 ? bad + 1 : bad;
        connection.write(code + " " + (status.isEmpty() ? "" : status + " ") + SmtpText.ascii(text));
    }

    /** Not the last line of a reply. */
    void sayMore(int code, String text) throws IOException {
        connection.write(code + "-" + SmtpText.ascii(text));
    }

    /** @param at what is refused, for the metric */
    void refuse(String at, SubmissionPolicy.Refusal refusal) throws IOException {
        refused.accept(at);
        say(refusal.code(), refusal.status(), refusal.text());
    }

    /** The client said goodbye. */
    void bye() throws IOException {
        say(221, "2.0.0", "goodbye");
        over = true;
    }

    /** Ends the session though the client may have more to say. */
    void close(int code, String status, String text) throws IOException {
        say(code, status, text);
        over = true;
        abrupt = true;
    }

    /** The client is gone, or cannot be understood any more. */
    void hangUp() {
        over = true;
    }

    /** How many commands in a row were refused. */
    int bad() {
        return bad;
    }

    boolean isOver() {
        return over;
    }

    /** Whether the client may still be sending. */
    boolean isAbrupt() {
        return abrupt;
    }
}
