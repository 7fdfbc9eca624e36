package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Lanes.Lane;
import dev.postrider.relay.delivery.Lanes.Place;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Verdict;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whose message is next. Organizations that share the same servers form a pool and take turns in it, a message
 * each; pools that share a server take turns for its places. Nothing here waits: what takes time is handed to
 * {@link Work}. Safe for many threads.
 *
 * <p>An organization's mail is in memory as far as it is next, the rest in the queue. While any of it that is due is
 * in the queue only, nothing new is kept in memory, so that mail stays in order.
 */
final class Turns {
    private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

    /** Messages read at once, at most and at least. */
    private static final int MOST_READ = 64;
    private static final int LEAST_READ = 4;
    /** Messages that one pool reads ahead, spread over its organizations. */
    private static final int READ_AHEAD = 1024;
    /** Queries at a time. */
    private static final int READERS = 4;
    /** Attempts whose result is not yet recorded: beyond that no others begin, for they would be made again. */
    private static final int MOST_UNRECORDED = 512;
    /** Octets of messages in memory, in all and of one organization. */
    private static final long MOST_HELD = 16L << 20;
    private static final long MOST_HELD_OF_ONE = 8L << 20;
    /** What a message takes in memory beside its content. */
    private static final long OVERHEAD = 2048;

    /** What takes time; begun here, while the lock is held, and done elsewhere. */
    interface Work {
        void deliver(Turn turn);

        void read(ResourceKey organization, int most);

        void release(List<QueuedMessage> messages);

        /** Of an organization that is deleted with its mail, or is unknown. */
        void remove(ResourceKey organization);

        /** A time was set that is earlier than all others. */
        void timeChanged();
    }

    /**
     * A message whose turn it is, and the place that was taken for it. It ends once, when it is closed: the place is
     * given back if that was not done before, and the message is forgotten unless it was put back.
     */
    final class Turn implements AutoCloseable {
        private final QueuedMessage message;
        private final long held;
        private final Pool pool;
        private final Visit first;
        private final boolean probe;
        private boolean answered;
        private Optional<Verdict.Refused> failure = Optional.empty();
        private boolean over;

        private Turn(Claimed next, Pool pool, Place place, boolean probe) {
            this.message = next.message;
            this.held = next.held;
            this.pool = pool;
            this.first = new Visit(this, place);
            this.probe = probe;
        }

        QueuedMessage message() {
            return message;
        }

        Pool pool() {
            return pool;
        }

        /** The place that was taken first. */
        Visit first() {
            return first;
        }

        /** A place at another server of the pool. */
        Optional<Visit> another(Set<ResourceKey> tried) {
            synchronized (Turns.this) {
                return lanes.enter(pool.lanes, tried, clock.instant()).map(place -> new Visit(this, place));
            }
        }

        /** The message was not tried and is first again. */
        void putBack() {
            first.close();
            synchronized (Turns.this) {
                if (!over) {
                    over = true;
                    Turns.this.putBack(this);
                }
            }
        }

        @Override
        public void close() {
            first.close();
            synchronized (Turns.this) {
                if (!over) {
                    over = true;
                    forget(this);
                }
            }
        }
    }

    /** A place at a server, given back once: with what came of an attempt, or unused when it is closed. */
    final class Visit implements AutoCloseable {
        private final Turn turn;
        private final Place place;
        private boolean over;

        private Visit(Turn turn, Place place) {
            this.turn = turn;
            this.place = place;
        }

        ServerRoute server() {
            return place.server();
        }

        /** Whether it was given back. */
        boolean isOver() {
            synchronized (Turns.this) {
                return over;
            }
        }

        Lane lane() {
            return place.lane();
        }

        /**
         * An attempt is over; the next may begin, before it is recorded what became of this one.
         *
         * @param failure what it says about the server, or about what the server does to this mail
         */
        void leave(Optional<Verdict.Refused> failure) {
            synchronized (Turns.this) {
                if (!over) {
                    over = true;
                    turn.answered |= failure.isEmpty();
                    turn.failure = failure.filter(Outcome::mayBeDueToMail).or(() -> turn.failure);
                    Turns.this.leave(place, turn.message.organization(), failure);
                }
            }
        }

        /** No permit could be had for a connection. */
        void leaveWithoutPermit() {
            synchronized (Turns.this) {
                if (!over) {
                    over = true;
                    Turns.this.leaveWithoutPermit(place);
                }
            }
        }

        @Override
        public void close() {
            synchronized (Turns.this) {
                if (!over) {
                    over = true;
                    leaveUntried(place);
                }
            }
        }
    }

    private record Claimed(QueuedMessage message, long held) {}

    /** Organizations that share the same servers. */
    static final class Pool {
        private final List<Lane> lanes;
        private final Deque<Backlog> turns = new ArrayDeque<>();
        private boolean runnable;
        private boolean emptied;

        private Pool(List<Lane> lanes) {
            this.lanes = lanes;
        }

        /** Those of its servers of which that is so. */
        Set<ResourceKey> servers(Predicate<ServerRoute> which) {
            Set<ResourceKey> keys = new HashSet<>();
            for (Lane lane : lanes) {
                lane.route().filter(which).ifPresent(server -> keys.add(server.key()));
            }
            return keys;
        }
    }

    /** The mail of one organization that is due. */
    private static final class Backlog {
        private final ResourceKey organization;
        private final Deque<Claimed> messages = new ArrayDeque<>();
        private final CircuitBreaker breaker;
        private @Nullable Pool pool;
        private boolean inQueue;
        private boolean reading;
        private boolean listed;
        private long held;

        private Backlog(ResourceKey organization, CircuitBreaker breaker) {
            this.organization = organization;
            this.breaker = breaker;
        }
    }

    private final Routes routes;
    private final Lanes lanes;
    private final InstantSource clock;
    private final Work work;
    private final Map<ResourceKey, Backlog> backlogs = new HashMap<>();
    private final Map<List<ResourceKey>, Pool> pools = new HashMap<>();
    private final Deque<Pool> runnable = new ArrayDeque<>();
    private final Deque<Backlog> toRead = new ArrayDeque<>();
    private final Agenda agenda = new Agenda();
    private final Agenda rests = new Agenda();
    private long held;
    private int readers;
    private int unrecorded;
    private boolean stopped;

    Turns(Routes routes, Lanes lanes, InstantSource clock, Work work) {
        this.routes = routes;
        this.lanes = lanes;
        this.clock = clock;
        this.work = work;
    }

    // What comes.

    /** Whether a message that is about to come is kept in memory. */
    synchronized boolean wants(ResourceKey organization, long octets) {
        Backlog backlog = backlog(organization);
        return !stopped && backlog.pool != null && !backlog.inQueue && !backlog.reading && !backlog.breaker.isOpen()
                && hasRoom(backlog, octets) && !lanes.allRest(backlog.pool.lanes, clock.instant());
    }

    /** Octets of messages in memory. */
    synchronized long held() {
        return held;
    }

    private boolean hasRoom(Backlog backlog, long octets) {
        long more = octets + OVERHEAD;
        return held + more <= MOST_HELD && backlog.held + more <= MOST_HELD_OF_ONE;
    }

    /** Takes a message that came; says whether it did. */
    synchronized boolean arrived(QueuedMessage message) {
        Backlog backlog = backlog(message.organization());
        if (stopped || backlog.pool == null || !hasRoom(backlog, message.content().size())) {
            return false;
        }
        long octets = message.content().size() + OVERHEAD;
        held += octets;
        backlog.held += octets;
        backlog.messages.addLast(new Claimed(message, octets));
        list(backlog);
        start();
        return true;
    }

    /** Something of an organization that is due is in the queue. */
    synchronized void due(ResourceKey organization) {
        agenda.remove(organization);
        due(backlog(organization));
        start();
    }

    private void due(Backlog backlog) {
        backlog.inQueue = true;
        if (backlog.pool == null) {
            routeAgain(backlog);
        }
        list(backlog);
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
        agenda.takeDue(now).forEach(organization -> due(backlog(organization)));
        lanes.takeRested(now).forEach(lane -> wake(lane, now));
        rests.takeDue(now).forEach(organization -> list(backlog(organization)));
        start();
    }

    /** When {@link #tick} has something to do. */
    synchronized Optional<Instant> next() {
        return Stream.of(agenda.next(), lanes.nextRested(), rests.next())
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    /** What a {@link Work#read} has found; {@code next} is when more is due, if what was found is all. */
    synchronized void read(ResourceKey organization, List<QueuedMessage> messages, boolean more,
            Optional<Instant> next) {
        readers--;
        Backlog backlog = backlog(organization);
        backlog.reading = false;
        backlog.inQueue |= more;
        messages.forEach(message -> backlog.messages.addLast(new Claimed(message, 0)));
        if (stopped || backlog.pool == null) {
            empty(backlog);
        }
        next.ifPresent(time -> dueAt(organization, time));
        list(backlog);
        start();
    }

    // Who is next.

    private void list(Backlog backlog) {
        if (!backlog.listed && backlog.pool != null && (!backlog.messages.isEmpty() || backlog.inQueue)
                && (!backlog.breaker.isOpen() || backlog.breaker.admits(clock.instant()))) {
            backlog.listed = true;
            backlog.pool.turns.addLast(backlog);
            makeRunnable(backlog.pool);
        }
    }

    private void makeRunnable(Pool pool) {
        if (!pool.runnable && !pool.turns.isEmpty()) {
            pool.runnable = true;
            pool.lanes.forEach(lane -> lane.waiting().remove(pool));
            runnable.addLast(pool);
        }
    }

    private void start() {
        Instant now = clock.instant();
        while (!stopped && unrecorded < MOST_UNRECORDED && !runnable.isEmpty()) {
            Pool pool = runnable.removeFirst();
            pool.runnable = false;
            startOne(pool, now);
        }
        while (!stopped && readers < READERS && !toRead.isEmpty()) {
            Backlog backlog = toRead.removeFirst();
            if (backlog.pool == null) {
                backlog.reading = false;
                backlog.inQueue = true;
            } else {
                readers++;
                work.read(backlog.organization, readAtOnce(backlog.pool));
            }
        }
    }

    private void startOne(Pool pool, Instant now) {
        Optional<Place> place = lanes.enter(pool.lanes, Set.of(), now);
        if (place.isEmpty()) {
            block(pool, now);
            return;
        }
        pool.emptied = false;
        for (Backlog backlog = pool.turns.pollFirst(); backlog != null; backlog = pool.turns.pollFirst()) {
            backlog.listed = false;
            if (!backlog.breaker.admits(now)) {
                continue;
            }
            Claimed next = backlog.messages.pollFirst();
            if (backlog.inQueue && !backlog.reading && backlog.messages.size() < LEAST_READ) {
                backlog.inQueue = false;
                backlog.reading = true;
                toRead.addLast(backlog);
            }
            if (next != null) {
                boolean probe = backlog.breaker.begin();
                if (!backlog.messages.isEmpty()) {
                    list(backlog);
                }
                makeRunnable(pool);
                othersToo(pool, now);
                work.deliver(new Turn(next, pool, place.get(), probe));
                return;
            }
        }
        lanes.abandon(place.get());
        othersToo(pool, now);
    }

    private void block(Pool pool, Instant now) {
        pool.lanes.forEach(lane -> lane.waiting().add(pool));
        if (!pool.emptied && lanes.allRest(pool.lanes, now)) {
            // It will be long, and memory is for those who move on.
            pool.emptied = true;
            pool.turns.forEach(this::empty);
        }
    }

    /** A server that this pool did not use may have room for another that waits. */
    private void othersToo(Pool pool, Instant now) {
        pool.lanes.forEach(lane -> wake(lane, now));
    }

    private void wake(Lane lane, Instant now) {
        for (int free = lane.free(now); free > 0 && !lane.waiting().isEmpty(); free--) {
            Pool first = lane.waiting().iterator().next();
            lane.waiting().remove(first);
            makeRunnable(first);
        }
    }

    private int readAtOnce(Pool pool) {
        return Math.clamp(READ_AHEAD / (pool.turns.size() + 1), LEAST_READ, MOST_READ);
    }

    // What comes of it.

    private void leave(Place place, ResourceKey organization, Optional<Verdict.Refused> failure) {
        Instant now = clock.instant();
        lanes.leave(place, organization, failure, now);
        wake(place.lane(), now);
        start();
    }

    private void leaveUntried(Place place) {
        lanes.abandon(place);
        wake(place.lane(), clock.instant());
        start();
    }

    private void leaveWithoutPermit(Place place) {
        Instant now = clock.instant();
        lanes.abandonWithoutPermit(place, now);
        work.timeChanged();
        start();
    }

    /** A connection to a server was closed that carried no mail. */
    synchronized void connectionClosed(Lane lane) {
        lanes.connectionClosed(lane);
        wake(lane, clock.instant());
        start();
    }

    private void putBack(Turn turn) {
        Backlog backlog = backlog(turn.message.organization());
        backlog.breaker.abandoned(turn.probe);
        backlog.messages.addFirst(new Claimed(turn.message, turn.held));
        if (stopped || backlog.pool == null) {
            empty(backlog);
        }
        list(backlog);
        start();
    }

    synchronized void recording() {
        unrecorded++;
    }

    synchronized void recorded() {
        unrecorded--;
        start();
    }

    private void forget(Turn turn) {
        Backlog backlog = backlog(turn.message.organization());
        giveUp(backlog, turn.held);
        boolean open = backlog.breaker.isOpen();
        if (turn.answered) {
            backlog.breaker.succeeded();
        } else if (turn.failure.isPresent()) {
            rest(backlog, turn, turn.failure.get());
        } else {
            backlog.breaker.abandoned(turn.probe);
        }
        if (open) {
            list(backlog);
            start();
        }
    }

    /** Rests an organization whose mail a server did not bear, so that the server goes on with that of others. */
    private void rest(Backlog backlog, Turn turn, Verdict.Refused failure) {
        Instant now = clock.instant();
        boolean open = backlog.breaker.state(now) == CircuitBreaker.State.OPEN;
        backlog.breaker.failed(turn.probe, failure, now);
        if (!open && backlog.breaker.state(now) == CircuitBreaker.State.OPEN) {
            Instant until = backlog.breaker.restsUntil();
            LOG.warn("mail of organization {} waits until {}, for it made its servers fail: {}", backlog.organization,
                    until, failure.message());
            rests.put(backlog.organization, until);
            empty(backlog);
            work.timeChanged();
        }
    }

    private void giveUp(Backlog backlog, long octets) {
        backlog.held -= octets;
        held -= octets;
    }

    /** Whether another server of the pool takes mail, though it may have no room now. */
    synchronized boolean isAnotherAwake(Pool pool, Set<ResourceKey> tried) {
        return !lanes.allRest(pool.lanes.stream().filter(lane -> !tried.contains(lane.key())).toList(),
                clock.instant());
    }

    /** All servers that were ever used and may have connections. */
    synchronized List<Lane> servers() {
        return List.copyOf(lanes.all());
    }

    /** Organizations whose mail waits for servers that all rest, and those servers. */
    synchronized Map<ResourceKey, List<Lanes.Resting>> resting() {
        Instant now = clock.instant();
        Map<ResourceKey, List<Lanes.Resting>> resting = new HashMap<>();
        for (Pool pool : pools.values()) {
            if (!pool.turns.isEmpty() && lanes.allRest(pool.lanes, now)) {
                List<Lanes.Resting> servers = lanes.resting(pool.lanes, now);
                pool.turns.forEach(backlog -> resting.put(backlog.organization, servers));
            }
        }
        for (Backlog backlog : backlogs.values()) {
            if (backlog.pool != null && backlog.breaker.state(now) == CircuitBreaker.State.OPEN) {
                resting.put(backlog.organization, backlog.pool.lanes.stream()
                        .flatMap(lane -> lane.route().stream())
                        .flatMap(server -> backlog.breaker.lastFailure()
                                .map(failure -> new Lanes.Resting(server, failure))
                                .stream())
                        .toList());
            }
        }
        return resting;
    }

    /** Queue ids of the messages of these organizations that are in memory and have no place yet. */
    synchronized Set<String> inMemory(Set<ResourceKey> organizations) {
        Set<String> ids = new HashSet<>();
        for (ResourceKey organization : organizations) {
            Backlog backlog = backlogs.get(organization);
            if (backlog != null) {
                backlog.messages.forEach(claimed -> ids.add(claimed.message.id()));
            }
        }
        return ids;
    }

    /** Why none of these servers lets in a message that is due at this time, if that is so. */
    synchronized Optional<Waiting.Reason> closed(List<ServerRoute> servers, Instant due) {
        return lanes.closed(servers, due, clock.instant());
    }

    // Where it goes.

    private Backlog backlog(ResourceKey organization) {
        Backlog known = backlogs.get(organization);
        if (known != null) {
            return known;
        }
        var backlog = new Backlog(organization, lanes.newBreaker());
        backlogs.put(organization, backlog);
        route(backlog);
        return backlog;
    }

    /** Routes have changed: servers first, so that one which was switched off gets nothing more. */
    synchronized List<ResourceKey> refreshServers() {
        lanes.refresh();
        Instant now = clock.instant();
        lanes.all().forEach(lane -> wake(lane, now));
        start();
        return List.copyOf(backlogs.keySet());
    }

    /** Looks where an organization's mail goes now. */
    synchronized void refresh(ResourceKey organization) {
        Backlog backlog = backlogs.get(organization);
        if (backlog == null) {
            return;
        }
        Pool before = backlog.pool;
        routeAgain(backlog);
        if (backlog.listed && backlog.pool != before && before != null) {
            before.turns.remove(backlog);
            backlog.listed = false;
        }
        if (backlog.pool == null) {
            empty(backlog);
        }
        if (!backlog.inQueue && !backlog.reading && backlog.messages.isEmpty() && backlog.held == 0) {
            backlogs.remove(organization);
        }
        list(backlog);
        start();
    }

    /** Forgets pools that nobody is in any more, and their servers. */
    synchronized void prune() {
        Set<Pool> used = Collections.newSetFromMap(new IdentityHashMap<>());
        backlogs.values().forEach(backlog -> {
            if (backlog.pool != null) {
                used.add(backlog.pool);
            }
        });
        Set<Lane> needed = new HashSet<>();
        used.forEach(pool -> needed.addAll(pool.lanes));
        pools.values().removeIf(pool -> !used.contains(pool));
        lanes.all().forEach(lane -> lane.waiting().retainAll(used));
        lanes.retain(needed);
    }

    private void routeAgain(Backlog backlog) {
        backlog.pool = null;
        route(backlog);
        if (backlog.pool == null && isToRemove(backlog.organization)) {
            work.remove(backlog.organization);
        }
    }

    private boolean isToRemove(ResourceKey organization) {
        return routes.organization(organization)
                .map(route -> route.state() == OrganizationRoute.State.DROPPING)
                .orElse(true);
    }

    private void route(Backlog backlog) {
        Optional<Routing> routing = routes.routing(backlog.organization);
        if (routing.isEmpty() || isToRemove(backlog.organization)) {
            return;
        }
        switch (routing.get()) {
            case Routing.Through(List<ServerRoute> servers) -> {
                List<ResourceKey> keys = servers.stream().map(ServerRoute::key).toList();
                backlog.pool = pools.computeIfAbsent(keys,
                        all -> new Pool(all.stream().map(lanes::of).toList()));
            }
            case Routing.Nowhere nowhere ->
                LOG.info("mail of organization {} waits: {}", backlog.organization, nowhere.reason());
        }
    }

    /** Puts what is in memory back into the queue. */
    private void empty(Backlog backlog) {
        if (!backlog.messages.isEmpty()) {
            List<QueuedMessage> messages = new ArrayList<>();
            for (Claimed claimed : backlog.messages) {
                messages.add(claimed.message);
                giveUp(backlog, claimed.held);
            }
            backlog.messages.clear();
            backlog.inQueue = true;
            work.release(messages);
        }
    }

    /** Starts nothing more. */
    synchronized void stop() {
        stopped = true;
        backlogs.values().forEach(this::empty);
    }
}
