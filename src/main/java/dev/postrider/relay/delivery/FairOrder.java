package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Lanes.Place;
import dev.postrider.transport.FairQueue;
import dev.postrider.transport.Shares;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Finds places for those who have mail, in turn: the namespaces at a server, and the organizations of each. What one
 * namespace has under way is bounded, so that something is left for others. Guarded by {@link Turns}.
 */
final class FairOrder {
    /** Attempts whose result is not yet recorded: beyond that no others begin, for they would be made again. */
    private static final int MOST_UNRECORDED = 512;
    /** What an attempt takes in memory at most: a thread, a session, buffers of its connection and for TLS. */
    private static final long MEMORY_OF_ATTEMPT = 256 << 10;
    /** Attempts at a time at all servers. */
    private static final long MOST_UNDER_WAY = Math.clamp(Runtime.getRuntime().maxMemory() / MEMORY_OF_ATTEMPT, 256,
            8192);

    private final Lanes lanes;
    private final ReadAhead readAhead;
    private final InstantSource clock;
    private final Starter starter;
    private final Consumer<Backlog> empty;
    private final BiConsumer<Lane, List<String>> overRate;
    private final FairQueue<Pool> runnable = new FairQueue<>();
    /** Pools whose namespace has its share under way. */
    private final FairQueue<Pool> parked = new FairQueue<>();
    private final Shares unrecorded = new Shares();
    private final Shares underWay = new Shares();

    /** Begins an attempt, and does not wait for it. */
    @FunctionalInterface
    interface Starter {
        /**
         * Begins an attempt.
         *
         * @param probe whether it is the single one that an organization which rested has now
         */
        void start(Backlog.Claimed next, Pool pool, Place place, boolean probe);
    }

    /**
     * @param empty    puts what an organization has in memory back into the queue
     * @param overRate told of each server that mail waits for and that is perhaps over its rate, and of namespaces whose
     *                 mail does so beside those that wait there
     */
    FairOrder(Lanes lanes, ReadAhead readAhead, InstantSource clock, Starter starter, Consumer<Backlog> empty,
            BiConsumer<Lane, List<String>> overRate) {
        this.overRate = overRate;
        this.lanes = lanes;
        this.readAhead = readAhead;
        this.clock = clock;
        this.starter = starter;
        this.empty = empty;
    }

    /** An organization that has mail, and does not rest, waits for its turn from now on. */
    void list(Backlog backlog) {
        Pool pool = backlog.pool();
        if (pool != null && backlog.hasMail()
                && (!backlog.breaker().isOpen() || backlog.breaker().admits(clock.instant()))) {
            pool.list(backlog);
            makeRunnable(pool);
        }
    }

    private void makeRunnable(Pool pool) {
        if (!pool.isRunnable() && !pool.waiting().isEmpty()) {
            pool.runnable(true);
            pool.lanes().forEach(lane -> lane.waiting().remove(pool.namespace(), pool));
            parked.remove(pool.namespace(), pool);
            runnable.add(pool.namespace(), pool);
        }
    }

    /** Starts attempts as long as there are places for mail. */
    void start() {
        Instant now = clock.instant();
        for (Optional<Pool> next = runnable.poll(); next.isPresent(); next = runnable.poll()) {
            next.get().runnable(false);
            startOne(next.get(), now);
        }
        readAhead.start();
    }

    private void startOne(Pool pool, Instant now) {
        if (!mayHaveMore(pool.namespace())) {
            lanes.meters().shareReached(pool.namespace(), "attempts");
            parked.add(pool.namespace(), pool);
            othersToo(pool, now);
            return;
        }
        pool.lanes().forEach(lane -> overRate.accept(lane, List.of(pool.namespace())));
        Optional<Place> place = lanes.enter(pool, Set.of(), now);
        if (place.isEmpty()) {
            block(pool, now);
            return;
        }
        pool.emptied(false);
        for (Backlog backlog = pool.poll(); backlog != null; backlog = pool.poll()) {
            if (!backlog.breaker().admits(now)) {
                continue;
            }
            Backlog.Claimed next = backlog.messages().isEmpty() ? null : backlog.messages().next(now);
            readAhead.refill(backlog);
            if (next != null) {
                boolean probe = backlog.breaker().begin();
                if (!backlog.messages().isEmpty()) {
                    list(backlog);
                }
                underWay.take(pool.namespace(), 1);
                makeRunnable(pool);
                othersToo(pool, now);
                starter.start(next, pool, place.get().to(next.message().recipients().size()), probe);
                return;
            }
        }
        lanes.abandon(place.get());
        othersToo(pool, now);
        unpark();
    }

    private void block(Pool pool, Instant now) {
        for (Lane lane : pool.lanes()) {
            // One at which its mail rests has nothing for it, and would wake it in place of another.
            if (pool.rests().admits(lane.key(), now)) {
                lane.waiting().add(pool.namespace(), pool);
            }
        }
        if (pool.lanes().stream().anyMatch(lane -> lane.hasItsPlaces(pool.namespace(), now))) {
            lanes.meters().shareReached(pool.namespace(), "connections");
        }
        unpark();
        emptyIfAllRest(pool, now);
    }

    /** What a pool has in memory goes back into the queue while all its servers rest, or are over their rates, for long. */
    private void emptyIfAllRest(Pool pool, Instant now) {
        if (!pool.isEmptied() && lanes.allRest(pool, Set.of(), now)) {
            // It will be long, and memory is for those who move on.
            pool.emptied(true);
            pool.waiting().forEach(empty);
        }
    }

    /** A server that this pool did not use may have room for another that waits. */
    private void othersToo(Pool pool, Instant now) {
        pool.lanes().forEach(lane -> wake(lane, now));
    }

    /** Lets as many look for a place as a server has. */
    void wake(Lane lane, Instant now) {
        if (!lane.waiting().isEmpty()) {
            overRate.accept(lane, List.of());
        }
        int free = lane.free(now);
        while (free > 0) {
            Optional<Pool> first = lane.waiting()
                    .poll(namespace -> lane.admits(namespace, now), pool -> Lanes.mayEnter(pool, lane, now));
            if (first.isEmpty()) {
                return;
            }
            makeRunnable(first.get());
            free -= first.get().isRunnable() ? 1 : 0;
        }
    }

    /** Whoever waits for a server that takes no mail any more looks for another. */
    void goElsewhere(Lane lane) {
        for (Optional<Pool> next = lane.waiting().poll(); next.isPresent(); next = lane.waiting().poll()) {
            makeRunnable(next.get());
        }
    }

    private boolean mayHaveMore(String namespace) {
        return unrecorded.admits(namespace, 1, MOST_UNRECORDED) && underWay.admits(namespace, 1, MOST_UNDER_WAY);
    }

    /** One that begins nothing passes that on to the next: nobody else would wake it. */
    private void unpark() {
        boolean woken = false;
        for (Optional<Pool> next = parked.poll(this::mayHaveMore); next.isPresent(); next = woken
                ? Optional.empty()
                : parked.poll(this::mayHaveMore)) {
            makeRunnable(next.get());
            woken = next.get().isRunnable();
        }
    }

    /** A turn is over. */
    void ended(Pool pool) {
        underWay.giveBack(pool.namespace(), 1);
        unpark();
    }

    /** What became of a message is about to be recorded. */
    void recording(String namespace) {
        unrecorded.take(namespace, 1);
    }

    void recorded(String namespace) {
        unrecorded.giveBack(namespace, 1);
        unpark();
    }
}
