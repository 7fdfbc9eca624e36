package dev.postrider.reply;

import java.time.Duration;
import java.time.ZoneId;

/** What follows from a refusal. */
public sealed interface ReplyAction {

    /** The mail goes back to its sender: another attempt is useless. */
    record Bounce() implements ReplyAction {}

    /** The mail is tried again at this server, on the schedule of the queue. */
    record Retry() implements ReplyAction {}

    /** The mail goes to another server of its organization at once; where there is none left, as {@link Retry}. */
    record RetryElsewhere() implements ReplyAction {}

    /**
     * The server rests; mail goes to others meanwhile, or waits, and never comes back for this.
     *
     * @param time how long, at least a second
     */
    record RestServer(Duration time) implements ReplyAction {}

    /** As {@link RestServer}, until the next midnight there, when daily quotas begin anew. */
    record RestUntilMidnight(ZoneId zone) implements ReplyAction {}

    /** The server gets fewer connections at a time, and the mail is tried again soon. */
    record FewerConnections() implements ReplyAction {}

    /** The recipients are divided into halves, which are tried at once, and the number is kept for this server. */
    record SplitRecipients() implements ReplyAction {}

    /** The message is encoded anew (7 bits, short lines) and tried at once, and that is kept for this server. */
    record EncodeAnew() implements ReplyAction {}

    /** All mail of the organization waits until a person has released it. */
    record HoldOrganization() implements ReplyAction {}
}
