package dev.postrider.route;

/**
 * How much mail there was, and what became of it.
 *
 * @param accepted   messages that the relay took; one that repeats another by its idempotency key is none
 * @param recipients of those messages
 * @param delivered  recipients for whom a server took their message
 * @param deferred   recipients whose first attempt failed for the time being, whatever became of them later
 * @param bounced    recipients that were given up: refused for good, or not delivered in time
 * @param removed    recipients that were taken out of the queue by hand or with their organization
 * @param refused    requests to send that were refused: MAIL, RCPT or the message itself
 * @param octets     of the messages that were accepted, each counted once
 */
public record MailCounts(long accepted, long recipients, long delivered, long deferred, long bounced, long removed,
        long refused, long octets) {
    public static final MailCounts NONE = new MailCounts(0, 0, 0, 0, 0, 0, 0, 0);

    /** A message that was taken. */
    public static MailCounts accepted(int recipients, long octets) {
        return new MailCounts(1, recipients, 0, 0, 0, 0, 0, octets);
    }

    /** Recipients that were delivered. */
    public static MailCounts delivered(long recipients) {
        return new MailCounts(0, 0, recipients, 0, 0, 0, 0, 0);
    }

    /** Recipients whose first attempt failed. */
    public static MailCounts deferred(long recipients) {
        return new MailCounts(0, 0, 0, recipients, 0, 0, 0, 0);
    }

    /** Recipients that were given up. */
    public static MailCounts bounced(long recipients) {
        return new MailCounts(0, 0, 0, 0, recipients, 0, 0, 0);
    }

    /** Recipients that were taken out of the queue. */
    public static MailCounts removed(long recipients) {
        return new MailCounts(0, 0, 0, 0, 0, recipients, 0, 0);
    }

    /** Requests that were refused. */
    public static MailCounts refused(long requests) {
        return new MailCounts(0, 0, 0, 0, 0, 0, requests, 0);
    }

    /** Both together. */
    public MailCounts plus(MailCounts more) {
        return new MailCounts(accepted + more.accepted, recipients + more.recipients, delivered + more.delivered,
                deferred + more.deferred, bounced + more.bounced, removed + more.removed, refused + more.refused,
                octets + more.octets);
    }
}
