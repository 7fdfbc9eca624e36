package dev.postrider.relay.links;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** Downloads under way: so many at a time, and each must move on. Safe for threads. */
final class Transfers implements AutoCloseable {
    private final Semaphore places;
    private final Duration patience;
    private final Set<Transfer> all = ConcurrentHashMap.newKeySet();
    private final Thread watchdog = Thread.ofVirtual().name("links-watchdog").unstarted(this::watch);

    /**
     * @param most     at a time
     * @param patience for a client to take the next block
     */
    Transfers(int most, Duration patience) {
        this.places = new Semaphore(most);
        this.patience = patience;
        watchdog.start();
    }

    /** A download of the thread that began it. One that is too slow is interrupted, which closes its connection. */
    final class Transfer implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private long deadline = System.nanoTime() + patience.toNanos();
        private boolean ended;

        /** Another block begins. */
        synchronized void next() {
            deadline = System.nanoTime() + patience.toNanos();
        }

        private synchronized void interruptIfOverdue() {
            if (!ended && System.nanoTime() - deadline > 0) {
                thread.interrupt();
            }
        }

        @Override
        public void close() {
            synchronized (this) {
                ended = true;
            }
            all.remove(this);
            places.release();
        }
    }

    /** Begins a download; empty if there is no place for another. */
    Optional<Transfer> begin() {
        if (!places.tryAcquire()) {
            return Optional.empty();
        }
        Transfer transfer = new Transfer();
        all.add(transfer);
        return Optional.of(transfer);
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(Math.clamp(patience.toMillis() / 4, 10, 1000));
                all.forEach(Transfer::interruptIfOverdue);
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    @Override
    public void close() {
        watchdog.interrupt();
    }
}
