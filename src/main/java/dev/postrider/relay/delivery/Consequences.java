package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.DeliveryReport.Entry;
import dev.postrider.relay.delivery.DeliveryReport.Kind;
import dev.postrider.relay.events.MailEvent;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.Settlement.Deferral;
import dev.postrider.relay.queue.Settlement.Ending;
import dev.postrider.relay.queue.Settlement.Event;
import dev.postrider.relay.queue.Settlement.Fate;
import dev.postrider.relay.queue.Settlement.LostReport;
import dev.postrider.relay.queue.Settlement.Report;
import dev.postrider.relay.queue.Settlement;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.reply.Reply;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What follows from an attempt, for each recipient on its own: done, tried again, reported to the sender. */
final class Consequences {
    private static final Logger LOG = LoggerFactory.getLogger(Consequences.class);

    private final Supplier<DeliverySettings> settings;
    private final InstantSource clock;
    private final RelayMeters meters;
    private final Routes routes;
    private final MailLogin logins;
    private final DeliveryReport report;

    Consequences(Supplier<DeliverySettings> settings, InstantSource clock, RelayMeters meters, Routes routes,
            MailLogin logins) {
        this.logins = logins;
        this.settings = settings;
        this.clock = clock;
        this.meters = meters;
        this.routes = routes;
        this.report = new DeliveryReport(settings.get().hostName(), () -> settings.get().returnedMessage());
    }

    /** Whether a message has been there for so long that something is due even without an attempt. */
    boolean isOverdue(QueuedMessage message) {
        return isExpired(message)
                || message.recipients().stream().anyMatch(recipient -> isToldOfDelay(message, recipient));
    }

    private Instant expires(QueuedMessage message) {
        return message.received().plus(settings.get().giveUpAfter());
    }

    private boolean isExpired(QueuedMessage message) {
        return !expires(message).isAfter(clock.instant());
    }

    private boolean isToldOfDelay(QueuedMessage message, QueuedRecipient recipient) {
        return !recipient.delayReported() && !message.sender().isEmpty() && recipient.dsn().wantsDelay()
                && !message.received().plus(settings.get().delayNoticeAfter()).isAfter(clock.instant());
    }

    /** What a message's age asks for, that is not tried since its servers rest. */
    Settlement overdue(QueuedMessage message, List<Outcome> outcomes) {
        return of(message, outcomes, false, false);
    }

    /** @param otherServerLeft whether those whose server failed may go to another at once */
    Settlement of(QueuedMessage message, List<Outcome> outcomes, boolean otherServerLeft) {
        return of(message, outcomes, otherServerLeft, true);
    }

    private Settlement of(QueuedMessage message, List<Outcome> outcomes, boolean otherServerLeft, boolean tried) {
        Instant now = clock.instant();
        boolean expired = isExpired(message);
        List<Integer> done = new ArrayList<>();
        List<Deferral> deferred = new ArrayList<>();
        List<Event> events = new ArrayList<>();
        boolean told = routes.organization(message.organization())
                .filter(route -> route.webhook().isPresent())
                .isPresent();
        Map<Kind, List<Entry>> reported = new EnumMap<>(Kind.class);
        Map<Integer, Fate> fates = new HashMap<>();
        boolean held = false;
        // The same for all recipients: whoever failed together is tried together again, in one transaction.
        double spread = ThreadLocalRandom.current().nextDouble();
        for (Outcome outcome : outcomes) {
            QueuedRecipient recipient = outcome.recipient();
            switch (outcome.verdict()) {
                case Verdict.Accepted(Reply reply, boolean reportsPassedOn) -> {
                    done.add(recipient.number());
                    fates.put(recipient.number(), new Fate(Ending.DELIVERED, outcome.server().key()));
                    tell(RelayMeters.Outcome.DELIVERED, message, outcome, reply.text());
                    if (told) {
                        events.add(event(MailEvent.Type.DELIVERED, message, outcome, reply.text(), now));
                    }
                    if (recipient.dsn().wantsSuccess() && !reportsPassedOn) {
                        report(reported, Kind.RELAYED, new Entry(recipient, outcome.server().endpoint().host(),
                                reply.enhanced().orElse("2.0.0"), Optional.of(reply), reply.text(),
                                Optional.empty()));
                    }
                }
                case Verdict.Refused refused when isOver(outcome, refused, otherServerLeft) || expired -> {
                    done.add(recipient.number());
                    fates.put(recipient.number(), new Fate(Ending.BOUNCED, outcome.server().key(),
                            refused.replyClass()));
                    tell(refused.permanent() ? RelayMeters.Outcome.BOUNCED : RelayMeters.Outcome.EXPIRED, message,
                            outcome, refused.message());
                    if (told) {
                        events.add(event(refused.permanent() ? MailEvent.Type.BOUNCED : MailEvent.Type.EXPIRED, message,
                                outcome, refused.message(), now));
                    }
                    if (recipient.dsn().wantsFailure()) {
                        report(reported, Kind.FAILED, entry(outcome, refused, refused.permanent()
                                ? refused.enhancedStatus(true)
                                // RFC 3463 section 3.5: delivery time expired.
                                : "4.4.7", Optional.empty()));
                    }
                }
                case Verdict.Refused refused when otherServerLeft && outcome.mayBePutBack() -> deferred
                        .add(deferral(outcome, refused, recipient.attempts(), now, now, recipient.delayReported()));
                case Verdict.Refused refused when tried && Outcome.asksForHold(refused) -> {
                    String reply = "held: " + refused.message() + "; release the message once that is done: the other "
                            + "mail of the organization waits with it";
                    deferred.add(new Deferral(recipient.number(), recipient.attempts(), now, now,
                            outcome.server().endpoint().display(), reply, recipient.delayReported()));
                    if (told) {
                        events.add(event(MailEvent.Type.HELD, message, outcome, reply, now));
                    }
                    if (!held) {
                        held(message, "server " + outcome.server().key() + ": " + refused.message());
                        meters.held(message.organization());
                    }
                    held = true;
                }
                case Verdict.Refused refused -> {
                    Optional<Instant> rest = outcome.restsUntil(otherServerLeft, now);
                    int attempts = recipient.attempts() + (rest.isPresent() ? 0 : 1);
                    if (attempts == 1 && rest.isEmpty()) {
                        fates.put(recipient.number(), new Fate(Ending.DEFERRED, outcome.server().key()));
                    }
                    Instant next = rest.orElseGet(() -> onSchedule(refused, attempts, spread, now));
                    boolean tell = isToldOfDelay(message, recipient);
                    deferred.add(deferral(outcome, refused, attempts, now, next, tell || recipient.delayReported()));
                    tell(RelayMeters.Outcome.DEFERRED, message, outcome, refused.message());
                    if (tell) {
                        report(reported, Kind.DELAYED, entry(outcome, refused, refused.enhancedStatus(false),
                                Optional.of(expires(message))));
                    }
                }
            }
        }
        return new Settlement(done, deferred, reports(message, reported, now), events, fates, held)
                .losing(lost(message, reported));
    }

    /** Not while another server may take what this one is not able to. */
    private static boolean isOver(Outcome outcome, Verdict.Refused refused, boolean otherServerLeft) {
        return refused.permanent() && !(otherServerLeft && outcome.mayGoElsewhere());
    }

    private Instant onSchedule(Verdict.Refused refused, int attempts, double spread, Instant now) {
        Duration wait = settings.get().waitAfter(attempts, spread);
        return now.plus(refused.retryAfter().filter(asked -> asked.compareTo(wait) > 0).orElse(wait));
    }

    /**
     * Lets a message wait that was not tried.
     *
     * @param server whose turn it would have been
     */
    Settlement putOff(QueuedMessage message, ServerRoute server, String why, Duration wait) {
        Instant now = clock.instant();
        return new Settlement(List.of(), message.recipients()
                .stream()
                .map(recipient -> new Deferral(recipient.number(), recipient.attempts(), now, now.plus(wait),
                        server.endpoint().display(), why,
                        recipient.delayReported()))
                .toList(), List.of(), List.of());
    }

    /**
     * Holds a message that the relay failed of twice, until a person has looked at it.
     *
     * @param server whose turn it would have been
     */
    Settlement poisoned(QueuedMessage message, ServerRoute server, String why) {
        Instant now = clock.instant();
        String reply = "held: poisoned: " + why + "; remove the message, or release it to try it again";
        meters.poisoned(message.organization());
        held(message, "poisoned: " + why);
        boolean told = routes.organization(message.organization())
                .filter(route -> route.webhook().isPresent())
                .isPresent();
        List<Deferral> deferred = new ArrayList<>();
        List<Event> events = new ArrayList<>();
        for (QueuedRecipient recipient : message.recipients()) {
            deferred.add(new Deferral(recipient.number(), recipient.attempts(), now, now,
                    server.endpoint().display(), reply, recipient.delayReported()));
            if (told) {
                events.add(MailEvent.of(MailEvent.Type.HELD, message, recipient, server.key(), reply, Optional.empty(),
                        now));
            }
        }
        return new Settlement(List.of(), deferred, List.of(), events, Map.of(), true);
    }

    private static void held(QueuedMessage message, String reason) {
        LOG.error("{}", LogLine.of(message.id(), "held")
                .with("organization", message.organization())
                .with("size", message.content().size())
                .with("reason", reason));
    }

    private static Event event(MailEvent.Type type, QueuedMessage message, Outcome outcome, String reply, Instant now) {
        return MailEvent.of(type, message, outcome.recipient(), outcome.server().key(), reply,
                outcome.verdict().replyClass(), now);
    }

    private static Deferral deferral(Outcome outcome, Verdict.Refused refused, int attempts, Instant last,
            Instant next, boolean delayReported) {
        return new Deferral(outcome.recipient().number(), attempts, last, next, outcome.server().endpoint().display(),
                refused.message(), delayReported);
    }

    private static Entry entry(Outcome outcome, Verdict.Refused refused, String status,
            Optional<Instant> retryUntil) {
        return new Entry(outcome.recipient(), outcome.server().endpoint().host(), status, refused.reply(),
                refused.message(), retryUntil, refused.replyClass());
    }

    private static void report(Map<Kind, List<Entry>> reported, Kind kind, Entry entry) {
        reported.computeIfAbsent(kind, key -> new ArrayList<>()).add(entry);
    }

    /** A bounce never bounces: what is lost with it, the organization learns by its status. */
    private Optional<LostReport> lost(QueuedMessage message, Map<Kind, List<Entry>> reported) {
        if (!message.sender().isEmpty() || !reported.containsKey(Kind.FAILED)) {
            return Optional.empty();
        }
        Entry first = reported.get(Kind.FAILED).getFirst();
        meters.reportLost(message.organization());
        LOG.warn("{}", LogLine.of(message.id(), "report-lost")
                .with("organization", message.organization())
                .address("to", first.recipient().address())
                .with("reply", first.message()));
        return Optional.of(new LostReport(first.recipient().address(), first.message()));
    }

    private List<Report> reports(QueuedMessage message, Map<Kind, List<Entry>> reported, Instant now) {
        if (message.sender().isEmpty()) {
            return List.of();
        }
        List<Report> reports = new ArrayList<>();
        reported.forEach((kind, entries) -> {
            try {
                reports.add(new Report(message.sender(),
                        report.compose(kind, message, routes.organization(message.organization()), entries, now),
                        message.eightBit() || message.smtpUtf8(), message.smtpUtf8(), now,
                        id -> logins.forReport(message, id)));
            } catch (IOException e) {
                LOG.error("{} organization={} has no report \"{}\": {}", message.id(), message.organization(),
                        kind.action(), e.getMessage());
            }
        });
        return reports;
    }

    private void tell(RelayMeters.Outcome what, QueuedMessage message, Outcome outcome, String reply) {
        meters.recipient(message.organization(), outcome.server().key(), what, message.received());
        outcome.verdict().replyClass().ifPresent(text -> meters.refusal(outcome.server().key(), text));
        LOG.info("{}", LogLine.of(message.id(), what.name().toLowerCase(Locale.ROOT))
                .with("organization", message.organization())
                .address("from", message.sender())
                .address("to", outcome.recipient().address())
                .with("size", message.content().size())
                .with("server", outcome.server().key())
                .with("attempt", outcome.recipient().attempts() + 1)
                .with("duration", outcome.duration())
                .with("age", Duration.between(message.received(), clock.instant()))
                .with("class", outcome.verdict().replyClass())
                .with("reply", reply));
    }
}
