package dev.postrider.relay.queue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What this relay takes of the database's, by statements whose answer may get lost. What stands under the relay's name
 * and is not known to it came of such a statement: it is given back with the next renewals of the lease, since nobody
 * else would do it while the relay lives. Safe for many threads.
 */
final class DoubtfulTakes<T> {
    /** A statement may go on for so long after its connection was lost: the database's limit, and some more. */
    private static final long LONGEST_STATEMENT_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** So often it is looked without a doubt: what is nobody's would be so for as long as the relay lives. */
    private static final long LOOKED_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Takes something; what was taken is known when it returns. */
    @FunctionalInterface
    interface Take<R> {
        R run() throws QueueException;
    }

    /** Finds what stands under this relay's name and is not known to it. */
    @FunctionalInterface
    interface Lookup<T> {
        List<T> unknown() throws QueueException;
    }

    /** Gives back what was found. */
    @FunctionalInterface
    interface GiveBack<T> {
        void run(T one) throws QueueException;
    }

    private final Lookup<T> lookup;
    private final GiveBack<T> giveBack;
    // Held for reading while something is taken, for writing while what nobody knows of is looked for.
    private final ReadWriteLock taking = new ReentrantReadWriteLock();
    private volatile boolean doubtful;
    private volatile long failed = System.nanoTime() - LONGEST_STATEMENT_NANOS;

    // Touched by the thread of the lease alone.
    private long looked = System.nanoTime();

    DoubtfulTakes(Replica replica, Lookup<T> lookup, GiveBack<T> giveBack) {
        this.lookup = lookup;
        this.giveBack = giveBack;
        replica.withEachRenewal(this::giveBackUnknown);
    }

    <R> R take(Take<R> take) throws QueueException {
        taking.readLock().lock();
        try {
            return take.run();
        } catch (QueueException e) {
            doubt();
            throw e;
        } finally {
            taking.readLock().unlock();
        }
    }

    /** A statement failed whose answer may have been lost after the database had done it. */
    void doubt() {
        failed = System.nanoTime();
        doubtful = true;
    }

    private void giveBackUnknown() throws QueueException {
        if (!doubtful && System.nanoTime() - looked < LOOKED_EVERY_NANOS) {
            return;
        }
        taking.writeLock().lock();
        try {
            long now = System.nanoTime();
            // Before anything is taken again, for it might be the same.
            for (T one : lookup.unknown()) {
                giveBack.run(one);
            }
            looked = now;
            // In this order, for others may come into doubt meanwhile.
            doubtful = false;
            if (now - failed <= LONGEST_STATEMENT_NANOS) {
                doubtful = true;
            }
        } finally {
            taking.writeLock().unlock();
        }
    }
}
