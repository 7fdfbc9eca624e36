package dev.postrider.relay.queue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;

/**
 * What this relay takes of the database's, by statements whose answer may get lost. What stands under the relay's name
 * and is not known to it came of such a statement: it is given back with the next renewals of the lease, since nobody
 * else would do it while the relay lives. Safe for many threads.
 */
final class DoubtfulTakes<T> {
    /** A statement may go on for so long after its connection was lost: the database's limit, and some more. */
    private static final long LONGEST_STATEMENT_NANOS = TimeUnit.SECONDS.toNanos(30);

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

    private final Lookup<T> lookup;
    private final Consumer<T> giveBack;
    // Held for reading while something is taken, for writing while what nobody knows of is looked for.
    private final ReadWriteLock taking = new ReentrantReadWriteLock();
    private volatile boolean doubtful;
    private volatile long failed;

    DoubtfulTakes(Replica replica, Lookup<T> lookup, Consumer<T> giveBack) {
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
        if (!doubtful) {
            return;
        }
        taking.writeLock().lock();
        try {
            boolean over = System.nanoTime() - failed > LONGEST_STATEMENT_NANOS;
            // Before anything is taken again, for it might be the same.
            lookup.unknown().forEach(giveBack);
            doubtful = !over;
        } finally {
            taking.writeLock().unlock();
        }
    }
}
