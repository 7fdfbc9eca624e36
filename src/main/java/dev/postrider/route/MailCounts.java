package dev.postrider.route;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

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
 * @param bounces    of those that bounced, the ones that a server refused, by what its reply was about; in the order of
 *                   the names
 */
public record MailCounts(long accepted, long recipients, long delivered, long deferred, long bounced, long removed,
        long refused, long octets, Map<String, Long> bounces) {
    public static final MailCounts NONE = new MailCounts(0, 0, 0, 0, 0, 0, 0, 0);

    public MailCounts {
        bounces = bounces.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(bounces));
    }

    /** Where no server refused anything. */
    public MailCounts(long accepted, long recipients, long delivered, long deferred, long bounced, long removed,
            long refused, long octets) {
        this(accepted, recipients, delivered, deferred, bounced, removed, refused, octets, Map.of());
    }

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

    /**
     * Recipients that were given up since a server refused them.
     *
     * @param replyClass what its reply was about
     */
    public static MailCounts bounced(long recipients, String replyClass) {
        return new MailCounts(0, 0, 0, 0, recipients, 0, 0, 0, Map.of(replyClass, recipients));
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
                octets + more.octets, both(bounces, more.bounces));
    }

    private static Map<String, Long> both(Map<String, Long> some, Map<String, Long> more) {
        if (some.isEmpty() || more.isEmpty()) {
            return some.isEmpty() ? more : some;
        }
        Map<String, Long> sums = new TreeMap<>(some);
        more.forEach((name, recipients) -> sums.merge(name, recipients, Long::sum));
        return sums;
    }
}
