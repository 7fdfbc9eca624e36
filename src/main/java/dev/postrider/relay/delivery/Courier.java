package dev.postrider.relay.delivery;

import dev.postrider.relay.events.MailEvent;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.Settlement;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Reply;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one message to a server, to another where the first cannot be reached, and records what came of it. */
final class Courier {
    private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
    private static final Duration RECORDING_RETRY = Duration.ofSeconds(1);

    private final Queue queue;
    private final Lanes lanes;
    private final DeliverySettings settings;
    private final InstantSource clock;
    private final RelayMeters meters;
    private final Tracing tracing;
    private final Predicate<ResourceKey> tells;
    private final Bounce bounce;

    Courier(Queue queue, Lanes lanes, DeliverySettings settings, InstantSource clock, RelayMeters meters,
            Tracing tracing, Predicate<ResourceKey> tells) {
        this.queue = queue;
        this.lanes = lanes;
        this.settings = settings;
        this.clock = clock;
        this.meters = meters;
        this.tracing = tracing;
        this.tells = tells;
        this.bounce = new Bounce(settings.hostName());
    }

    /**
     * Delivers a claimed message.
     *
     * @param servers all that the organization's mail may go through
     * @param first   where a place was taken for it; given back here
     * @throws InterruptedException if what came of it could not be recorded before the relay stopped
     */
    void deliver(QueuedMessage message, List<ServerRoute> servers, Lanes.Place first) throws InterruptedException {
        List<Outcome> outcomes = new ArrayList<>();
        List<QueuedRecipient> open = message.recipients();
        Set<ResourceKey> tried = new HashSet<>();
        Optional<Lanes.Place> place = Optional.of(first);
        boolean otherServerLeft = false;
        while (place.isPresent()) {
            tried.add(place.get().server().key());
            List<Outcome> round = send(message, open, place.get());
            List<Outcome> elsewhere = round.stream().filter(Outcome::concernsServer).toList();
            place = elsewhere.isEmpty() ? Optional.empty() : lanes.enter(servers, tried, clock.instant());
            otherServerLeft = place.isEmpty() && !elsewhere.isEmpty() && !lanes.allRest(servers, clock.instant());
            outcomes.addAll(round);
            if (place.isPresent()) {
                outcomes.removeAll(elsewhere);
                open = elsewhere.stream().map(Outcome::recipient).toList();
            }
        }
        record(message, settlement(message, outcomes, otherServerLeft));
    }

    private List<Outcome> send(QueuedMessage message, List<QueuedRecipient> recipients, Lanes.Place place) {
        Map<String, Verdict> verdicts = Map.of();
        Instant start = clock.instant();
        try {
            Lane.Kept connection = place.lane().connection(place.server());
            try {
                verdicts = connection.upstream().send(message.envelope(recipients), message.content()).verdicts();
            } finally {
                place.lane().keep(connection, settings, clock.instant());
            }
        } catch (RuntimeException e) {
            LOG.error("{} attempt at {} failed by a fault of the relay", message.id(), place.server().key(), e);
        } finally {
            place.lane().leave();
        }
        Duration duration = Duration.between(start, clock.instant());
        tracing.attempted(message, place.server().key(), start, duration, verdicts);
        List<Outcome> outcomes = new ArrayList<>();
        for (QueuedRecipient recipient : recipients) {
            Verdict verdict = verdicts.getOrDefault(recipient.address(), new Verdict.Refused(Step.MessageRejected,
                    false, Optional.empty(), "the attempt ended without a word about this recipient"));
            outcomes.add(new Outcome(recipient, place.server(), verdict, duration));
        }
        if (outcomes.stream().anyMatch(Outcome::concernsServer)) {
            Instant until = clock.instant().plus(settings.serverRest());
            place.lane().restUntil(until);
            meters.rests(place.server().key(), until);
        }
        return outcomes;
    }

    private Settlement settlement(QueuedMessage message, List<Outcome> outcomes, boolean otherServerLeft) {
        Instant now = clock.instant();
        boolean expired = !message.received().plus(settings.expiry()).isAfter(now);
        List<Integer> done = new ArrayList<>();
        List<Settlement.Deferral> deferred = new ArrayList<>();
        List<Bounce.Failure> failures = new ArrayList<>();
        List<Settlement.Event> events = new ArrayList<>();
        boolean told = tells.test(message.organization());
        for (Outcome outcome : outcomes) {
            QueuedRecipient recipient = outcome.recipient();
            String server = outcome.server().endpoint().display();
            switch (outcome.verdict()) {
                case Verdict.Accepted(Reply reply) -> {
                    done.add(recipient.number());
                    tell(RelayMeters.Outcome.DELIVERED, message, outcome, reply.text());
                    if (told) {
                        events.add(event(MailEvent.Type.DELIVERED, message, outcome, reply.text(), now));
                    }
                }
                case Verdict.Refused refused when refused.permanent() || expired -> {
                    done.add(recipient.number());
                    failures.add(failure(outcome, refused));
                    tell(refused.permanent() ? RelayMeters.Outcome.BOUNCED : RelayMeters.Outcome.EXPIRED, message,
                            outcome, refused.message());
                    if (told) {
                        events.add(event(refused.permanent() ? MailEvent.Type.BOUNCED : MailEvent.Type.EXPIRED, message,
                                outcome, refused.message(), now));
                    }
                }
                case Verdict.Refused refused when otherServerLeft && outcome.concernsServer() -> deferred
                        .add(new Settlement.Deferral(recipient.number(), recipient.attempts(), now, now, server,
                                refused.message(), recipient.delayReported()));
                case Verdict.Refused refused -> {
                    int attempts = recipient.attempts() + 1;
                    Instant next = now.plus(settings.waitAfter(attempts, ThreadLocalRandom.current().nextDouble()));
                    deferred.add(
                            new Settlement.Deferral(recipient.number(), attempts, now, next, server, refused.message(),
                                    recipient.delayReported()));
                    tell(RelayMeters.Outcome.DEFERRED, message, outcome, refused.message());
                }
            }
        }
        return new Settlement(done, deferred, reports(message, failures, now), events);
    }

    private static Settlement.Event event(MailEvent.Type type, QueuedMessage message, Outcome outcome, String reply,
            Instant now) {
        return MailEvent.of(type, message, outcome.recipient(), outcome.server().key(), reply, now);
    }

    private static Bounce.Failure failure(Outcome outcome, Verdict.Refused refused) {
        String status = refused.permanent()
                ? refused.reply().flatMap(Reply::enhanced).orElse("5.0.0")
                // RFC 3463 section 3.5: delivery time expired.
                : "4.4.7";
        return new Bounce.Failure(outcome.recipient().address(), outcome.server().endpoint().host(), status,
                refused.reply(), refused.message());
    }

    private List<Settlement.Report> reports(QueuedMessage message, List<Bounce.Failure> failures, Instant now) {
        if (failures.isEmpty()) {
            return List.of();
        }
        if (message.sender().isEmpty()) {
            LOG.info("{} organization={} dropped: a bounce never bounces", message.id(), message.organization());
            return List.of();
        }
        try {
            return List.of(new Settlement.Report(message.sender(), bounce.compose(message, failures, now),
                    message.smtpUtf8(), now));
        } catch (IOException e) {
            LOG.error("{} organization={} given up without a bounce: {}", message.id(), message.organization(),
                    e.getMessage());
            return List.of();
        }
    }

    /** Until it is recorded the message stays claimed: forgetting it here would deliver it twice. */
    private void record(QueuedMessage message, Settlement settlement) throws InterruptedException {
        while (true) {
            try {
                queue.settle(message, settlement);
                return;
            } catch (QueueException e) {
                LOG.error("{} what came of it is not recorded yet: {}", message.id(), e.getMessage());
                Thread.sleep(RECORDING_RETRY);
            }
        }
    }

    private void tell(RelayMeters.Outcome what, QueuedMessage message, Outcome outcome, String reply) {
        meters.recipient(message.organization(), outcome.server().key(), what, message.received());
        LOG.info("{}", LogLine.of(message.id(), what.name().toLowerCase(Locale.ROOT))
                .with("organization", message.organization())
                .address("from", message.sender())
                .address("to", outcome.recipient().address())
                .with("size", message.content().size())
                .with("server", outcome.server().key())
                .with("attempt", outcome.recipient().attempts() + 1)
                .with("duration", outcome.duration())
                .with("age", Duration.between(message.received(), clock.instant()))
                .with("reply", reply));
    }
}
