package dev.postrider.relay.delivery;

import dev.postrider.message.Envelope;
import dev.postrider.message.LargeWork;
import dev.postrider.message.Oversize;
import dev.postrider.relay.delivery.Connections.Connection;
import dev.postrider.relay.delivery.Suspects.Mail;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.Settlement;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.NameLookup;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one message to a server, to another where the first cannot be reached, and records what came of it. */
final class Courier {
    private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
    private static final Duration RECORDING_RETRY = Duration.ofSeconds(1);
    /** How long mail is put off whose servers have no room, while others of the organization have. */
    private static final Duration NO_ROOM = Duration.ofSeconds(5);
    /** How long a message waits whose attempt could not be recorded for a fault of the relay. */
    private static final Duration FAULT_RETRY = Duration.ofMinutes(1);

    private final Queue queue;
    private final Turns turns;
    private final InstantSource clock;
    private final Consequences consequences;
    private final Tracing tracing;
    private final Function<QueuedMessage, Optional<Oversize>> largeMail;
    private final MailLogin logins;
    private final Signers signers;
    private final Suspects suspects;
    private final LargeWork largeWork;
    private final GlobalSenders globalSenders;
    private final ReportSender reportSender;

    /** @param largeMail what may be done with a message that is too large */
    Courier(Queue queue, Turns turns, InstantSource clock, Consequences consequences, Tracing tracing,
            Function<QueuedMessage, Optional<Oversize>> largeMail, LargeWork largeWork, MailLogin logins,
            Signers signers, Suspects suspects, GlobalSenders globalSenders, ReportSender reportSender) {
        this.reportSender = reportSender;
        this.globalSenders = globalSenders;
        this.signers = signers;
        this.suspects = suspects;
        this.largeWork = largeWork;
        this.logins = logins;
        this.largeMail = largeMail;
        this.queue = queue;
        this.turns = turns;
        this.clock = clock;
        this.consequences = consequences;
        this.tracing = tracing;
    }

    /**
     * Delivers a message. However that ends, its turn and the places that were taken for it end with it.
     *
     * @throws InterruptedException if what came of it could not be recorded before the relay stopped
     */
    void deliver(Turn turn) throws InterruptedException {
        try (turn) {
            begin(turn);
        } catch (RuntimeException | Error e) {
            LOG.error("{} attempt failed by a fault of the relay", turn.message().id(), e);
            suspects.failed(Mail.of(turn.message()), e);
            release(turn.message());
        }
    }

    /** It is due again as it was, after a while. */
    private void release(QueuedMessage message) {
        queue.release(message);
        turns.dueAt(message.organization(), clock.instant().plus(FAULT_RETRY));
    }

    private void begin(Turn turn) throws InterruptedException {
        QueuedMessage message = turn.message();
        if (!queue.holds(message)) {
            queue.release(message);
            turns.dueAt(message.organization(), clock.instant().plus(NO_ROOM));
            return;
        }
        Mail mail = Mail.of(message);
        if (suspects.isSuspect(mail)) {
            // Its place is for others while it waits to be alone.
            turn.first().close();
        }
        Optional<Suspects.Trial> begun = suspects.begin(mail);
        if (begun.isEmpty()) {
            turn.putBack();
            return;
        }
        try (var _ = begun.get()) {
            Optional<String> poison = suspects.poison(message.id());
            if (poison.isPresent()) {
                record(message, consequences.poisoned(message, turn.first().server(), poison.get()));
                suspects.forget(mail);
            } else {
                logIn(turn);
            }
        }
    }

    private void logIn(Turn turn) throws InterruptedException {
        QueuedMessage message = turn.message();
        switch (logins.of(message)) {
            case MailLogin.Servers() -> deliver(turn, Optional.empty());
            case MailLogin.Submitter(Credentials submitter) -> {
                Optional<Duration> rest = logins.rest(message, submitter);
                if (rest.isPresent()) {
                    turn.first().close();
                    putOff(turn, "the server has just refused this login", rest.get());
                } else {
                    deliver(turn, Optional.of(submitter));
                }
            }
            case MailLogin.Lost(Verdict.Refused why) -> {
                turn.first().close();
                record(message, untried(turn, why), false);
            }
        }
    }

    private void deliver(Turn turn, Optional<Credentials> submitter) throws InterruptedException {
        QueuedMessage message = turn.message();
        List<Outcome> outcomes = new ArrayList<>();
        List<QueuedRecipient> open = message.recipients();
        boolean global = !turn.pool().servers(ServerRoute::global).isEmpty();
        Optional<String> notGranted = global ? globalSenders.refusal(message) : Optional.empty();
        Predicate<ServerRoute> fits = server -> MailLogin.fits(message, server)
                && (notGranted.isEmpty() || !server.global());
        Set<ResourceKey> unfit = turn.pool().servers(fits.negate());
        Set<ResourceKey> tried = new HashSet<>(unfit);
        Optional<Visit> next = Optional.of(turn.first());
        if (turn.first().isOver() || unfit.contains(turn.first().server().key())) {
            turn.first().close();
            next = turn.another(tried);
        }
        Optional<Oversize> oversize = largeMail.apply(message);
        while (next.isPresent()) {
            try (Visit visit = next.get()) {
                tried.add(visit.server().key());
                List<Outcome> round = attempt(message, open, visit, submitter, oversize);
                if (!round.isEmpty()) {
                    outcomes.removeIf(Outcome::mayGoElsewhere);
                    outcomes.addAll(round);
                    open = round.stream().filter(Outcome::mayGoElsewhere).map(Outcome::recipient).toList();
                }
            }
            next = open.isEmpty() ? Optional.empty() : turn.another(tried);
        }
        if (outcomes.isEmpty() && !unfit.isEmpty()) {
            // Put back it would be next again, and again find a place at a server that does not take it.
            if (turn.pool().servers(fits).isEmpty()) {
                record(message, untried(turn, notGranted.map(Courier::waitsForGrant)
                        .orElseGet(() -> noServer(submitter.isPresent()))), false);
            } else {
                putOff(turn, "all servers that take this mail are in use, or rest", NO_ROOM);
            }
            return;
        }
        boolean otherServerLeft = !open.isEmpty() && turns.isAnotherAwake(turn.pool(), tried);
        if (outcomes.isEmpty() || (otherServerLeft && outcomes.stream().allMatch(Outcome::mayBePutBack))) {
            turn.putBack();
        } else {
            record(message, outcomes, otherServerLeft);
        }
    }

    private static Verdict.Refused noServer(boolean submitters) {
        return new Verdict.Refused(Step.MessageRejected, false, "4.3.2", submitters
                ? "the message was submitted with the login of a user of the mail server, and no active server of the "
                        + "organization takes such mail any more; activate one with authentication.submitter"
                : "the message was submitted with the organization's own login, and all active servers of the "
                        + "organization want the login of whoever submits; activate one that does not");
    }

    /** It was accepted, so it is not given up at once: a grant may come back, or an own server. */
    private static Verdict.Refused waitsForGrant(String why) {
        return new Verdict.Refused(Step.MessageRejected, false, "4.7.1",
                "it must not leave through a global server: " + why);
    }

    private static List<Outcome> untried(Turn turn, Verdict.Refused why) {
        return turn.message()
                .recipients()
                .stream()
                .map(recipient -> new Outcome(recipient, turn.first().server(), why, Duration.ZERO))
                .toList();
    }

    /** Lets a message wait without counting that as an attempt, but for what its age asks for. */
    private void putOff(Turn turn, String why, Duration wait) throws InterruptedException {
        QueuedMessage message = turn.message();
        if (consequences.isOverdue(message)) {
            record(message, untried(turn, new Verdict.Refused(Step.MessageRejected, false, "4.3.2", why)), false);
        } else {
            record(message, consequences.putOff(message, turn.first().server(), why, wait));
        }
    }

    /**
     * Records of a message what its age asks for, as if an attempt had just failed.
     *
     * @param resting the server that it waits for
     */
    void overdue(QueuedMessage message, Lanes.Resting resting) throws InterruptedException {
        record(message, consequences.overdue(message, message.recipients()
                .stream()
                .map(recipient -> new Outcome(recipient, resting.server(), resting.failure(), Duration.ZERO))
                .toList()));
    }

    /** Says what became of each recipient; empty if there was no connection to be had. */
    private List<Outcome> attempt(QueuedMessage message, List<QueuedRecipient> recipients, Visit visit,
            Optional<Credentials> submitter, Optional<Oversize> oversize) {
        Envelope envelope = message.envelope(recipients, oversize)
                .workedOnBy(largeWork.of(message.organization().namespace()))
                .insteadOfNullSender(reportSender.of(message, visit.server()));
        // Nothing may fail between this and what gives it back.
        Optional<Connection> connection = visit.connection(submitter);
        if (connection.isEmpty()) {
            visit.leaveWithoutPermit();
            return List.of();
        }
        Map<String, Verdict> verdicts = Map.of();
        String missing = "the attempt ended without a word about this recipient";
        Instant start = clock.instant();
        boolean whole = false;
        try {
            verdicts = NameLookup.in(message.organization().namespace(), () -> connection.get()
                    .upstream()
                    .send(signers.of(message.organization()).map(envelope::signedBy).orElse(envelope),
                            message.content())
                    .verdicts());
            whole = true;
        } catch (RuntimeException | Error e) {
            LOG.error("{} attempt at {} failed by a fault of the relay", message.id(), visit.server().key(), e);
            suspects.failed(Mail.of(message), e);
            missing = "the attempt failed by a fault of the relay (" + e.getClass().getName() + ")";
        } finally {
            if (whole && verdicts.values()
                    .stream()
                    .noneMatch(verdict -> verdict instanceof Verdict.Refused refused
                            && Outcome.asksForFewerConnections(refused))) {
                visit.lane().connections().giveBack(connection.get(), visit.lane().route(), clock.instant());
            } else {
                // Nobody knows where in its session it stands, or it is one too many.
                connection.get().close();
            }
        }
        Duration duration = Duration.between(start, clock.instant());
        tracing.attempted(message, visit.server().key(), start, duration, verdicts);
        List<Outcome> outcomes = new ArrayList<>();
        for (QueuedRecipient recipient : recipients) {
            Verdict verdict = verdicts.getOrDefault(recipient.address(),
                    new Verdict.Refused(Step.MessageRejected, false, "4.3.0", missing));
            outcomes.add(new Outcome(recipient, visit.server(), submitter
                    .map(credentials -> logins.judge(message, recipient, credentials, verdict))
                    .orElse(verdict), duration));
        }
        if (whole) {
            Optional<Verdict.Refused> failure = outcomes.stream()
                    .filter(Outcome::concernsServer)
                    .findFirst()
                    .map(outcome -> (Verdict.Refused) outcome.verdict());
            int connections = failure.filter(Outcome::asksForFewerConnections).isPresent()
                    ? queue.permits().taken(visit.server().key()) + 1
                    : 0;
            visit.leave(failure, connections);
            if (connections > 0) {
                visit.lane().connections().closeIdle();
            }
        }
        return outcomes;
    }

    /** Until it is recorded the message stays claimed: forgetting it here would deliver it twice. */
    private void record(QueuedMessage message, List<Outcome> outcomes, boolean otherServerLeft)
            throws InterruptedException {
        record(message, consequences.of(message, outcomes, otherServerLeft));
    }

    private void record(QueuedMessage message, Settlement settlement) throws InterruptedException {
        String namespace = message.organization().namespace();
        turns.recording(namespace);
        try {
            settle(message, settlement);
            if (settlement.deferred().isEmpty()) {
                suspects.forget(Mail.of(message));
            }
            nextAttempt(message, settlement).ifPresent(time -> turns.dueAt(message.organization(), time));
        } finally {
            turns.recorded(namespace);
        }
    }

    private void settle(QueuedMessage message, Settlement settlement) throws InterruptedException {
        while (true) {
            try {
                queue.settle(message, settlement);
                return;
            } catch (QueueException.Corrupt e) {
                // Nothing will be recorded until the file is set aside.
                LOG.error("{} what came of it cannot be recorded: {}", message.id(), e.getMessage());
                return;
            } catch (QueueException e) {
                LOG.error("{} what came of it is not recorded yet: {}", message.id(), e.getMessage());
                Thread.sleep(RECORDING_RETRY);
            }
        }
    }

    /** When something of it is due again. Recipients that were not loaded may be due already. */
    private Optional<Instant> nextAttempt(QueuedMessage message, Settlement settlement) {
        if (settlement.held()) {
            return Optional.empty();
        }
        return message.others() > 0
                ? Optional.of(clock.instant())
                : settlement.deferred().stream().map(Settlement.Deferral::next).min(Instant::compareTo);
    }
}
