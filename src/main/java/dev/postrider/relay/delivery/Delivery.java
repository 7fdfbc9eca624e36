package dev.postrider.relay.delivery;

import dev.postrider.message.LargeWork;
import dev.postrider.relay.delivery.Connections.Connection;
import dev.postrider.relay.links.Links;
import dev.postrider.relay.queue.Arrivals;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.RouteChanges;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.relay.submitter.Submitters;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.transport.Upstreams;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers the queue. {@link Turns} decides what is next whenever something happens; virtual threads deliver; one more
 * thread looks at the clock and at changes of routes.
 */
public final class Delivery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final Duration LONGEST_SLEEP = Duration.ofSeconds(1);
    private static final Duration QUEUE_RETRY = Duration.ofSeconds(5);
    private static final Duration OVERDUE_INTERVAL = Duration.ofMinutes(1);

    private final Queue queue;
    private final Routes routes;
    private final InstantSource clock;
    private final Turns turns;
    private final Courier courier;
    private final Signers signers;
    private final Suspects suspects;
    private final Overdue overdue;
    private final Removals removals;
    private final Submitters submitters;
    private final ExecutorService workers = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("delivery-", 0).factory());
    private final Thread timekeeper = Thread.ofPlatform().name("delivery").unstarted(this::keepTime);
    private final Semaphore signals = new Semaphore(0);
    private final RouteChanges changes;
    private volatile boolean stopping;
    private Instant nextOverdue = Instant.MIN;

    public Delivery(Queue queue, Routes routes, Upstreams upstreams, DeliverySettings settings, InstantSource clock,
            RelayMeters meters, Tracing tracing) {
        this(queue, routes, upstreams, () -> settings, clock, meters, tracing, Optional.empty(), Optional.empty(),
                GlobalSenders.ANYBODY);
    }

    /**
     * @param settings as they are now; the name of the relay stays
     * @param links    keeps attachments for download, if that is possible
     * @param attempts file for which attempts are under way, so that the next process knows what this one died of; not
     *                 used where relays share the queue
     * @param globalSenders whose mail may leave through global servers
     */
    public Delivery(Queue queue, Routes routes, Upstreams upstreams, Supplier<DeliverySettings> settings,
            InstantSource clock,
            RelayMeters meters, Tracing tracing, Optional<Links> links, Optional<Path> attempts,
            GlobalSenders globalSenders) {
        this.suspects = queue.attemptMarks()
                .map(Suspects::shared)
                .or(() -> attempts.map(file -> open(file, settings.get().serverRest(), queue)))
                .orElseGet(Suspects::inMemory);
        this.queue = queue;
        this.routes = routes;
        this.clock = clock;
        this.submitters = new Submitters(new SubmitterLogins(upstreams, queue.permits(), this::makeRoom, clock),
                new CredentialsCipher(() -> routes.relay().map(RelayRoute::submitterKeys).orElse(List.of())));
        var logins = new MailLogin(submitters, routes);
        var largeWork = new LargeWork();
        var consequences = new Consequences(settings, clock, meters, routes, logins);
        this.changes = routes.changes(signals::release);
        this.signers = new Signers(routes, clock);
        this.turns = new Turns(routes, new Lanes(routes, upstreams, queue.permits(), settings, meters), clock,
                new Workers());
        this.courier = new Courier(queue, turns, clock, consequences, tracing,
                message -> LargeMail.of(message,
                        routes.organization(message.organization()).flatMap(OrganizationRoute::sizeLimit), links,
                        settings.get().hostName(), largeWork.of(message.organization().namespace())),
                largeWork, logins, signers, suspects, globalSenders, new ReportSender(routes));
        this.overdue = new Overdue(queue, consequences, courier, clock, turns::due);
        this.removals = new Removals(queue, routes, () -> settings.get().giveUpAfter(), clock);
    }

    private static Suspects open(Path file, Duration rest, Queue queue) {
        try {
            return Suspects.open(file, rest, id -> isQueued(queue, id));
        } catch (IOException e) {
            LOG.warn("{}; a message that this relay dies of will be tried again like others", e.getMessage());
            return Suspects.inMemory();
        }
    }

    private static boolean isQueued(Queue queue, String id) {
        try {
            return queue.view().find(id).isPresent();
        } catch (QueueException e) {
            return true;
        }
    }

    /** Starts to deliver what is queued and what comes. */
    public void start() throws QueueException {
        queue.onArrival(new Arrivals() {
            @Override
            public boolean wants(ResourceKey organization, long octets, boolean urgent) {
                return turns.wants(organization, octets, urgent);
            }

            @Override
            public void arrived(QueuedMessage message) {
                if (!turns.arrived(message)) {
                    queue.release(message);
                    turns.due(message.organization(), message.urgency() > 0);
                }
            }

            @Override
            public void arrived(ResourceKey organization, boolean mayBeUrgent) {
                turns.due(organization, mayBeUrgent);
            }

            @Override
            public void released(ResourceKey organization) {
                turns.released(organization);
            }

            @Override
            public void releasesMissed() {
                turns.releasedAll();
            }
        });
        queue.permits()
                .onWanted((server, busyToo) -> closeConnections(lane -> lane.key().equals(server)
                        ? lane.connections().takeWanted(busyToo)
                        : List.of()));
        queue.schedule().forEach(turns::dueAt);
        timekeeper.start();
    }

    /** Octets of messages that wait in memory. */
    long inMemory() {
        return turns.held();
    }

    /** Checks and encrypts logins of those who submit, within the limits of connections that delivery keeps to. */
    public Submitters submitters() {
        return submitters;
    }

    /** Says why mail in the queue is not tried. */
    public Waiting waiting() {
        return new WaitingMail(routes, turns, clock);
    }

    /** Servers that take no mail now, or have yet to prove that they do, or are over their rates for long. */
    public List<ServerRest> rests() {
        return turns.rests();
    }

    /** Organizations whose own mail gets no place at a server, or at none, while that of others does. */
    public List<MailRest> mailRests() {
        return turns.mailRests();
    }

    private void makeRoom(ResourceKey server) {
        turns.servers()
                .stream()
                .filter(lane -> lane.key().equals(server))
                .forEach(lane -> lane.connections().closeOne());
    }

    /** Looks at the clock again: for tests that turn it. */
    public void wake() {
        signals.release();
    }

    /**
     * Starts no more attempts and waits for those under way.
     *
     * @param grace after which the rest is broken off, to be tried again when the relay runs again
     */
    public void stop(Duration grace) {
        stopping = true;
        signals.release();
        try {
            timekeeper.join();
            turns.stop();
            suspects.close();
            submitters.logins().close();
            workers.shutdown();
            if (!workers.awaitTermination(Math.max(grace.toMillis(), 0), TimeUnit.MILLISECONDS)) {
                LOG.warn("attempts under way are broken off, their mail is tried again after the next start");
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeConnections(lane -> lane.connections().takeStale(Optional.empty()));
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    private void keepTime() {
        while (!stopping) {
            try {
                takeUp(changes.take());
                turns.tick();
                Instant now = clock.instant();
                closeConnections(lane -> lane.connections().takeExpired(now));
                if (!now.isBefore(nextOverdue)) {
                    nextOverdue = now.plus(OVERDUE_INTERVAL);
                    workers.execute(this::handleOverdue);
                }
                if (signals.tryAcquire(sleep().toMillis(), TimeUnit.MILLISECONDS)) {
                    signals.drainPermits();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                LOG.error("delivery stumbled and goes on", e);
            }
        }
    }

    private Duration sleep() {
        Duration wait = turns.next()
                .map(time -> Duration.between(clock.instant(), time).plusMillis(1))
                .filter(time -> time.compareTo(LONGEST_SLEEP) < 0)
                .orElse(LONGEST_SLEEP);
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private void takeUp(RouteChanges.Taken changed) {
        if (changed.isEmpty()) {
            return;
        }
        turns.refreshServers(changed).forEach(turns::refresh);
        closeConnections(lane -> changed.all() || changed.servers().contains(lane.key())
                ? lane.connections().takeStale(lane.route())
                : List.of());
        turns.prune(changed);
        changed.organizations().forEach(signers::prune);
    }

    /** Without waiting for it: a server may take its time. */
    private void closeConnections(Function<Lane, List<Connection>> which) {
        for (Lane lane : turns.servers()) {
            for (Connection connection : which.apply(lane)) {
                Thread.ofVirtual().name("upstream-close").start(() -> {
                    connection.close();
                    turns.connectionClosed(lane);
                });
            }
        }
    }

    private void handleOverdue() {
        try {
            overdue.handle(turns.resting());
        } catch (InterruptedException e) {
            LOG.debug("stopped while overdue mail was looked at");
        }
    }

    /** What was read of an organization's mail; {@code next} is when more is due, if that is all. */
    private record Found(List<QueuedMessage> messages, boolean more, Optional<Instant> next) {}

    /** What {@link Turns} hands to others. */
    private final class Workers implements Work {
        @Override
        public void deliver(Turn turn) {
            workers.execute(() -> {
                try {
                    courier.deliver(turn);
                } catch (InterruptedException e) {
                    LOG.warn("{} what came of it is not recorded, it is tried again after the next start",
                            turn.message().id());
                }
            });
        }

        @Override
        public void read(ResourceKey organization, boolean urgent, int most) {
            workers.execute(() -> {
                Found found = find(organization, urgent, most);
                turns.read(organization, urgent, found.messages, found.more, found.next);
            });
        }

        /** However that fails, {@link Turns} must hear of it: else the organization would be read for ever. */
        private Found find(ResourceKey organization, boolean urgent, int most) {
            try {
                List<QueuedMessage> messages = urgent
                        ? queue.claimUrgent(organization, clock.instant(), most)
                        : queue.claim(organization, clock.instant(), most);
                boolean more = messages.size() == most;
                // When urgent mail is due is asked with all the rest.
                return new Found(messages, more, more || urgent ? Optional.empty() : nextAttempt(organization));
            } catch (QueueException.Corrupt e) {
                // That was said, and will be so until the relay is restarted.
                return new Found(List.of(), false, Optional.empty());
            } catch (QueueException e) {
                LOG.error("mail of organization {} cannot be read: {}", organization, e.getMessage());
            } catch (RuntimeException | Error e) {
                LOG.error("mail of organization {} cannot be read by a fault of the relay", organization, e);
            }
            return new Found(List.of(), false, Optional.of(clock.instant().plus(QUEUE_RETRY)));
        }

        /** A failure must not keep from {@link Turns} what was claimed already. */
        private Optional<Instant> nextAttempt(ResourceKey organization) {
            try {
                return queue.nextAttempt(organization);
            } catch (QueueException | RuntimeException e) {
                LOG.debug("when mail of organization {} is due is not known: {}", organization, e.getMessage());
                return Optional.of(clock.instant().plus(QUEUE_RETRY));
            }
        }

        @Override
        public void takeOfRate(Lane lane, Allowance.Wish wish) {
            workers.execute(() -> turns.tookOfRate(lane, wish, ask(lane, wish)));
        }

        /** However that fails, {@link Turns} must hear of it, as of what is read. Nothing is sent then. */
        private Optional<Grant> ask(Lane lane, Allowance.Wish wish) {
            try {
                return Optional.of(queue.rates()
                        .take(lane.key(), wish.limits(), wish.most(), wish.owed(), wish.sharing()));
            } catch (QueueException.Corrupt e) {
                LOG.debug("the rate of server {} cannot be read: {}", lane.key(), e.getMessage());
            } catch (QueueException e) {
                LOG.error("mail waits, for the rate of server {} cannot be read: {}", lane.key(), e.getMessage());
            } catch (RuntimeException | Error e) {
                LOG.error("mail waits, for the rate of server {} cannot be read by a fault of the relay", lane.key(),
                        e);
            }
            return Optional.empty();
        }

        @Override
        public void release(List<QueuedMessage> messages) {
            Runnable release = () -> messages.forEach(queue::release);
            if (stopping) {
                release.run();
            } else {
                workers.execute(release);
            }
        }

        @Override
        public void remove(ResourceKey organization) {
            workers.execute(() -> removals.run(organization).ifPresent(time -> turns.dueAt(organization, time)));
        }

        @Override
        public void timeChanged() {
            signals.release();
        }
    }
}
