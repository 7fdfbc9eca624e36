package dev.postrider.relay.queue;

import dev.postrider.message.MessageContent;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * What became of a claimed message, recorded in one step. Recipients that it does not name stay as they are.
 *
 * @param done     numbers of recipients that are delivered or given up
 * @param deferred recipients to try again
 * @param reports  to the sender, queued in the same step
 * @param events   for the organization's webhook, put into the outbox in the same step
 * @param fates    what is counted of its recipients, by their numbers
 * @param held     whether it is held from now on, until somebody releases it
 * @param lost     what of it should have told somebody of another message, and reached nobody
 */
public record Settlement(List<Integer> done, List<Deferral> deferred, List<Report> reports, List<Event> events,
        Map<Integer, Fate> fates, boolean held, Optional<LostReport> lost) {

    /** Of a message that tells of no other. */
    public Settlement(List<Integer> done, List<Deferral> deferred, List<Report> reports, List<Event> events,
            Map<Integer, Fate> fates, boolean held) {
        this(done, deferred, reports, events, fates, held, Optional.empty());
    }

    /** The same with a report that is lost. */
    public Settlement losing(Optional<LostReport> report) {
        return new Settlement(done, deferred, reports, events, fates, held, report);
    }

    /** Of a message that is not held for that. */
    public Settlement(List<Integer> done, List<Deferral> deferred, List<Report> reports, List<Event> events,
            Map<Integer, Fate> fates) {
        this(done, deferred, reports, events, fates, false);
    }

    /** One of which nothing is counted. */
    public Settlement(List<Integer> done, List<Deferral> deferred, List<Report> reports, List<Event> events) {
        this(done, deferred, reports, events, Map.of());
    }

    /** How an attempt ended for a recipient. */
    public enum Ending {
        DELIVERED(MailCounts::delivered), DEFERRED(MailCounts::deferred), BOUNCED(MailCounts::bounced);

        @SuppressWarnings("ImmutableEnumChecker") // A constructor, which keeps nothing.
        private final LongFunction<MailCounts> counts;

        Ending(LongFunction<MailCounts> counts) {
            this.counts = counts;
        }

        MailCounts of(long recipients) {
            return counts.apply(recipients);
        }
    }

    /**
     * How an attempt ended, and where.
     *
     * @param replyClass what the server's reply was about, where it refused and that is known
     */
    public record Fate(Ending ending, ResourceKey server, Optional<String> replyClass) {

        /** Where it does not matter what the server's reply was about. */
        public Fate(Ending ending, ResourceKey server) {
            this(ending, server, Optional.empty());
        }

        MailCounts of(long recipients) {
            return ending == Ending.BOUNCED && replyClass.isPresent()
                    ? MailCounts.bounced(recipients, replyClass.get())
                    : ending.of(recipients);
        }
    }

    /**
     * A recipient to try again.
     *
     * @param attempts      how often it was tried
     * @param last          when it was tried
     * @param next          when it is due
     * @param server        where it was tried
     * @param reply         what it answered, or what went wrong
     * @param delayReported whether the sender was told that it takes long
     */
    public record Deferral(int number, int attempts, Instant last, Instant next, String server, String reply,
            boolean delayReported) {}

    /**
     * A delivery status notification, sent from the null sender.
     *
     * @param recipient the sender of the message that it is about
     * @param content   small enough to be held in memory
     * @param eightBit  whether it may hold octets above 127
     * @param smtpUtf8  whether it needs SMTPUTF8
     * @param received  when it was made
     * @param credentials encrypts, for the report's queue id, those that the message itself came with
     */
    public record Report(String recipient, MessageContent content, boolean eightBit, boolean smtpUtf8,
            Instant received, Function<String, Optional<byte[]>> credentials) {

        /** Of a message that came with the organization's own login. */
        public Report(String recipient, MessageContent content, boolean eightBit, boolean smtpUtf8,
                Instant received) {
            this(recipient, content, eightBit, smtpUtf8, received, _ -> Optional.empty());
        }
    }

    /**
     * A report that reached nobody.
     *
     * @param recipient whom it should have reached
     * @param reason    for people
     */
    public record LostReport(String recipient, String reason) {}

    /**
     * What is told to the organization's webhook.
     *
     * @param id      unique among those of the organization
     * @param content JSON
     */
    public record Event(String id, String content) {}
}
