package dev.postrider.access;

/**
 * The answer.
 *
 * @param who whose token it is, for the log; empty if nobody's
 */
public record Decision(Outcome outcome, String who) {
    /** To a token that nobody is known to have. */
    public static final Decision UNKNOWN = new Decision(Outcome.UNKNOWN, "");
}
