package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Lanes.Lane;
import dev.postrider.relay.delivery.Lanes.Place;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds places for those who have mail, in turn: organizations in their pool, and pools at the servers that they share.
 * Guarded by {@link Turns}.
 */
final class FairOrder {
    /** Attempts whose result is not yet recorded: beyond that no others begin, for they would be made again. */
    private static final int MOST_UNRECORDED = 512;

    private final Lanes lanes;
    private final ReadAhead readAhead;
    private final InstantSource clock;
    private final Starter starter;
    private final Consumer<Backlog> empty;
    private final Deque<Pool> runnable = new ArrayDeque<>();
    private int unrecorded;

    /** Begins an attempt, and does not wait for it. */
    @FunctionalInterface
    interface Starter {
        /** @param probe whether it is the single one that an organization which rested has now */
        void start(Backlog.Claimed next, Pool pool, Place place, boolean probe);
    }

    /** @param empty puts what an organization has in memory back into the queue */
    FairOrder(Lanes lanes, ReadAhead readAhead, InstantSource clock, Starter starter, Consumer<Backlog> empty) {
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
            pool.lanes().forEach(lane -> lane.waiting().remove(pool));
            runnable.addLast(pool);
        }
    }

    /** Starts attempts as long as there are places for mail. */
    void start() {
        Instant now = clock.instant();
        while (unrecorded < MOST_UNRECORDED && !runnable.isEmpty()) {
            Pool pool = runnable.removeFirst();
            pool.runnable(false);
            startOne(pool, now);
        }
        readAhead.start();
    }

    private void startOne(Pool pool, Instant now) {
        Optional<Place> place = lanes.enter(pool.lanes(), Set.of(), now);
        if (place.isEmpty()) {
            block(pool, now);
            return;
        }
        pool.emptied(false);
        for (Backlog backlog = pool.poll(); backlog != null; backlog = pool.poll()) {
            if (!backlog.breaker().admits(now)) {
                continue;
            }
            Backlog.Claimed next = backlog.messages().pollFirst();
            readAhead.refill(backlog);
            if (next != null) {
                boolean probe = backlog.breaker().begin();
                if (!backlog.messages().isEmpty()) {
                    list(backlog);
                }
                makeRunnable(pool);
                othersToo(pool, now);
                starter.start(next, pool, place.get(), probe);
                return;
            }
        }
        lanes.abandon(place.get());
        othersToo(pool, now);
    }

    private void block(Pool pool, Instant now) {
        pool.lanes().forEach(lane -> lane.waiting().add(pool));
        if (!pool.isEmptied() && lanes.allRest(pool.lanes(), now)) {
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
        for (int free = lane.free(now); free > 0 && !lane.waiting().isEmpty(); free--) {
            Pool first = lane.waiting().iterator().next();
            lane.waiting().remove(first);
            makeRunnable(first);
        }
    }

    /** What became of a message is about to be recorded. */
    void recording() {
        unrecorded++;
    }

    void recorded() {
        unrecorded--;
    }
}
