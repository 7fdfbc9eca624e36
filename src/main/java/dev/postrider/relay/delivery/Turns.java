package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Lanes.Place;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.RouteChanges;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Shares;
import dev.postrider.transport.Verdict;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Decides whose message is next. Namespaces take turns for the places of a server, a message each, and so do the
 * organizations of a namespace; of a server that is everybody's, none has all places, see {@link Shares}. Nothing here waits: what takes time is handed to
 * {@link Work}. Safe for many threads.
 *
 * <p>An organization's mail is in memory as far as it is next, the rest in the queue. While any of it that is due is
 * in the queue only, nothing new is kept in memory, so that mail stays in order.
 */
final class Turns {
    private static final int LOOKED_AT_FOR_A_CHANGE = 64;

    private final Lanes lanes;
    private final Destinations destinations;
    private final InstantSource clock;
    private final Work work;
    private final ReadAhead readAhead;
    private final FairOrder order;
    private final HeldMemory memory = new HeldMemory();
    private final Agenda agenda = new Agenda();
    private final Rests rests;
    private boolean stopped;
    /** Changes of routes since what nobody needs was forgotten. */
    private int unpruned;

    Turns(Routes routes, Lanes lanes, InstantSource clock, Work work) {
        this.lanes = lanes;
        this.destinations = new Destinations(routes, lanes, work::remove);
        this.readAhead = new ReadAhead(work::read);
        this.order = new FairOrder(lanes, readAhead, clock,
                (next, pool, place, probe) -> work.deliver(new Turn(this, next, pool, place, probe)), this::empty,
                this::waitForRate);
        this.rests = new Rests(lanes.meters()::organizationRests);
        this.clock = clock;
        this.work = work;
    }

    /** Whether a message that is about to come is kept in memory. */
    synchronized boolean wants(ResourceKey organization, long octets, boolean urgent) {
        Backlog backlog = destinations.of(organization);
        Pool pool = backlog.pool();
        Backlog.Unread unread = backlog.unread(urgent);
        return !stopped && pool != null && !unread.isInQueue() && !unread.isReading() && !backlog.breaker().isOpen()
                && memory.hasRoom(backlog, octets) && !lanes.allRest(pool, Set.of(), clock.instant());
    }

    /** Octets of messages in memory. */
    synchronized long held() {
        return memory.held();
    }

    /** Takes a message that came; says whether it did. */
    synchronized boolean arrived(QueuedMessage message) {
        Backlog backlog = destinations.of(message.organization());
        if (stopped || backlog.pool() == null || !memory.hasRoom(backlog, message.content().size())) {
            return false;
        }
        long held = memory.take(backlog, message.content().size());
        backlog.messages().add(new Backlog.Claimed(message, held));
        order.list(backlog);
        start();
        return true;
    }

    /** Something of an organization that is due is in the queue. */
    synchronized void due(ResourceKey organization) {
        due(organization, true);
    }

    /**
     * Something of an organization that is due is in the queue.
     *
     * @param mayBeUrgent whether it is of an urgent class, or that is not known
     */
    synchronized void due(ResourceKey organization, boolean mayBeUrgent) {
        if (mayBeUrgent) {
            destinations.of(organization).unread(true).inQueue(true);
        }
        agenda.remove(organization);
        due(destinations.of(organization));
        start();
    }

    private void due(Backlog backlog) {
        backlog.unread(false).inQueue(true);
        if (backlog.pool() == null) {
            destinations.routeAgain(backlog);
        }
        order.list(backlog);
    }

    /** Something of an organization is due at a time. */
    synchronized void dueAt(ResourceKey organization, Instant time) {
        if (!time.isAfter(clock.instant())) {
            due(organization);
        } else {
            Optional<Instant> before = next();
            agenda.put(organization, time);
            if (before.isEmpty() || time.isBefore(before.get())) {
                work.timeChanged();
            }
        }
    }

    /** Looks at the clock. */
    synchronized void tick() {
        Instant now = clock.instant();
        agenda.takeDue(now).forEach(organization -> {
            destinations.of(organization).unread(true).inQueue(true);
            due(destinations.of(organization));
        });
        lanes.takeRested(now).forEach(lane -> order.wake(lane, now));
        rests.takeEnded(now).forEach(organization -> {
            Backlog backlog = destinations.of(organization);
            order.list(backlog);
            rests.noteNext(backlog, now);
        });
        start();
    }

    /** When {@link #tick} has something to do. */
    synchronized Optional<Instant> next() {
        return Stream.of(agenda.next(), lanes.nextRested(), rests.next())
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    /** What a {@link Work#read} has found; {@code next} is when more is due, if what was found is all. */
    synchronized void read(ResourceKey organization, boolean urgent, List<QueuedMessage> messages, boolean more,
            Optional<Instant> next) {
        Backlog backlog = destinations.of(organization);
        readAhead.ended(backlog, urgent, more);
        messages.forEach(message -> backlog.messages().add(new Backlog.Claimed(message, 0)));
        if (stopped || backlog.pool() == null) {
            empty(backlog);
        }
        next.ifPresent(time -> dueAt(organization, time));
        order.list(backlog);
        start();
    }

    /** A place at another server for a message whose turn it is. */
    synchronized Optional<Place> another(Turn turn, Set<ResourceKey> tried) {
        return lanes.enter(turn.pool(), tried, clock.instant())
                .map(place -> place.to(turn.message().recipients().size()));
    }

    private void waitForRate(Lane lane, List<String> more) {
        if (lane.route().flatMap(ServerRoute::rates).isEmpty()) {
            return;
        }
        Optional<Instant> before = next();
        lanes.ask(lane, more, clock.instant()).ifPresent(wish -> work.takeOfRate(lane, wish));
        if (!before.equals(next())) {
            work.timeChanged();
        }
    }

    /** What a {@link Work#takeOfRate} has come to; empty if that failed. */
    synchronized void tookOfRate(Lane lane, Allowance.Wish wish, Optional<Grant> grant) {
        Instant now = clock.instant();
        lane.allowance.answered(wish, grant, now);
        Set<String> full = grant.map(Grant::full).orElse(Map.of()).keySet();
        full.forEach(namespace -> lanes.meters().shareReached(namespace, "rates"));
        order.wake(lane, now);
        if (!full.isEmpty() || lane.overRateForLong(now).isPresent()) {
            order.goElsewhere(lane);
        }
        start();
    }

    private void start() {
        if (!stopped) {
            order.start();
        }
    }

    /**
     * An attempt is over.
     *
     * @param open connections to that server, of all relays
     */
    synchronized void leave(Place place, QueuedMessage message, Optional<Verdict.Refused> failure, int open) {
        Instant now = clock.instant();
        Backlog backlog = destinations.of(message.organization());
        // What comes of a former owner's last messages lets nothing of whoever has the name now rest.
        OwnRests own = backlog.owns(message.owner()) ? backlog.rests() : new OwnRests(lanes::newBreaker);
        boolean rested = !backlog.rests().isEmpty();
        boolean restedHere = backlog.rests().isResting(place.lane().key(), now);
        if (lanes.leave(place, message.organization(), own, failure, open, now)) {
            order.goElsewhere(place.lane());
        }
        if (!restedHere && backlog.rests().isResting(place.lane().key(), now)) {
            rests.atServer(backlog, now);
            work.timeChanged();
        }
        if (rested == backlog.rests().isEmpty()) {
            refresh(backlog);
        } else if (rested) {
            order.list(backlog);
        }
        order.wake(place.lane(), now);
        start();
    }

    /** A person wants an organization's mail tried: what rested for a known reason is tried with one message. */
    synchronized void released(ResourceKey organization) {
        Backlog backlog = destinations.of(organization);
        backlog.rests().endAll();
        Pool pool = backlog.pool();
        if (pool != null) {
            pool.lanes().stream().filter(lane -> !lane.isGlobal()).forEach(lane -> {
                lane.breaker.endRest();
                order.wake(lane, clock.instant());
            });
        }
        due(organization);
    }

    /** The same of whatever mail rests. */
    synchronized void releasedAll() {
        destinations.backlogs()
                .stream()
                .filter(backlog -> !backlog.rests().isEmpty())
                .map(Backlog::organization)
                .toList()
                .forEach(this::released);
    }

    /** A place is given back of which nothing came. */
    synchronized void leaveUntried(Place place) {
        lanes.abandon(place);
        order.wake(place.lane(), clock.instant());
        start();
    }

    /** A place is given back for want of a permit for its connection. */
    synchronized void leaveWithoutPermit(Place place) {
        lanes.abandonWithoutPermit(place, clock.instant());
        work.timeChanged();
        start();
    }

    /** A connection to a server was closed that carried no mail. */
    synchronized void connectionClosed(Lane lane) {
        lanes.connectionClosed(lane);
        order.wake(lane, clock.instant());
        start();
    }

    /** A message was not tried, and is the first of its organization again. */
    synchronized void putBack(Turn turn) {
        Backlog backlog = destinations.of(turn.message().organization());
        backlog.breaker().abandoned(turn.isProbe());
        backlog.messages().putBack(turn.claimed());
        order.ended(turn.pool());
        if (stopped || backlog.pool() == null) {
            empty(backlog);
        }
        order.list(backlog);
        start();
    }

    /** What became of a message is about to be recorded. */
    synchronized void recording(String namespace) {
        order.recording(namespace);
    }

    synchronized void recorded(String namespace) {
        order.recorded(namespace);
        start();
    }

    /** A message is done with, for now or for ever. */
    synchronized void forget(Turn turn) {
        Backlog backlog = destinations.of(turn.message().organization());
        memory.giveBack(backlog, turn.claimed().held());
        boolean open = backlog.breaker().isOpen();
        if (rests.after(turn, backlog, clock.instant())) {
            empty(backlog);
            work.timeChanged();
        }
        if (open) {
            order.list(backlog);
        }
        order.ended(turn.pool());
        start();
    }

    /** Whether another server of the pool takes mail, though it may have no room now. */
    synchronized boolean isAnotherAwake(Pool pool, Set<ResourceKey> tried) {
        return !lanes.allRest(pool, tried, clock.instant());
    }

    /** All servers that were ever used and may have connections. */
    synchronized List<Lane> servers() {
        return List.copyOf(lanes.all());
    }

    /** Organizations whose mail waits for servers that all rest, and those servers. */
    synchronized Map<ResourceKey, List<Lanes.Resting>> resting() {
        return Rests.of(destinations, lanes, clock.instant());
    }

    /** Servers that take no mail now, or have yet to prove that they do, or are over their rates for long. */
    synchronized List<ServerRest> rests() {
        return lanes.rests(clock.instant());
    }

    /** Organizations whose own mail rests while that of others goes on, as many as are told of at a time. */
    synchronized List<MailRest> mailRests() {
        return MailRests.of(destinations.backlogs(), clock.instant());
    }

    /** Queue ids of the messages of these organizations that are in memory and have no place yet. */
    synchronized Set<String> inMemory(Set<ResourceKey> organizations) {
        Set<String> ids = new HashSet<>();
        organizations.forEach(organization -> destinations.find(organization)
                .ifPresent(backlog -> backlog.messages().forEach(claimed -> ids.add(claimed.message().id()))));
        return ids;
    }

    /** Why none of these servers lets in a message of an organization that is due at this time, if that is so. */
    synchronized Optional<Waiting.Reason> closed(List<ServerRoute> servers, ResourceKey organization, Instant due) {
        return lanes.closed(servers, organization.namespace(), destinations.find(organization)
                .map(Backlog::rests)
                .orElseGet(() -> new OwnRests(lanes::newBreaker)), due, clock.instant());
    }

    /**
     * Routes have changed: servers first, so that one which was switched off gets nothing more.
     *
     * @return the organizations whose mail may go elsewhere now
     */
    synchronized List<ResourceKey> refreshServers(RouteChanges.Taken changes) {
        Set<ResourceKey> servers = changes.all() ? lanes.keys() : changes.servers();
        List<ResourceKey> organizations = changes.all() ? destinations.organizations() : destinations.naming(servers);
        Set<ResourceKey> changed = lanes.refresh(servers);
        if (!changed.isEmpty()) {
            List<Backlog> rested = destinations.backlogs()
                    .stream()
                    .filter(backlog -> backlog.rests().endAt(changed))
                    .toList();
            rested.forEach(backlog -> due(backlog.organization()));
        }
        Instant now = clock.instant();
        lanes.of(servers).forEach(lane -> order.wake(lane, now));
        start();
        if (changes.all()) {
            return organizations;
        }
        Set<ResourceKey> concerned = new HashSet<>(organizations);
        changes.organizations().stream().filter(key -> destinations.find(key).isPresent()).forEach(concerned::add);
        return List.copyOf(concerned);
    }

    /** Looks where an organization's mail goes now. */
    synchronized void refresh(ResourceKey organization) {
        destinations.find(organization).ifPresent(this::refresh);
    }

    private void refresh(Backlog backlog) {
        Pool before = backlog.pool();
        destinations.routeAgain(backlog);
        if (backlog.isListed() && backlog.pool() != before && before != null) {
            before.unlist(backlog);
        }
        if (backlog.pool() == null) {
            empty(backlog);
        }
        if (backlog.isIdle() && (backlog.rests().isEmpty() || backlog.pool() == null)) {
            destinations.forget(backlog.organization());
        }
        order.list(backlog);
        start();
    }

    /**
     * Forgets pools that nobody is in any more, and their servers. That looks at all there are, so it waits until so many
     * changes have come that it costs each of them little.
     */
    synchronized void prune(RouteChanges.Taken changes) {
        unpruned += changes.count();
        if (changes.all() || unpruned * (long) LOOKED_AT_FOR_A_CHANGE >= destinations.size()) {
            destinations.prune();
            unpruned = 0;
        }
    }

    /** Puts what is in memory back into the queue. */
    private void empty(Backlog backlog) {
        List<QueuedMessage> messages = new ArrayList<>();
        for (Backlog.Claimed claimed : backlog.takeAll()) {
            messages.add(claimed.message());
            memory.giveBack(backlog, claimed.held());
        }
        if (!messages.isEmpty()) {
            work.release(messages);
        }
    }

    /** Starts nothing more. */
    synchronized void stop() {
        stopped = true;
        destinations.backlogs().forEach(this::empty);
    }
}
