package dev.postrider.transport;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * Lets some work be done at a time, none of that for one namespace alone; those that wait take turns by namespace. Safe
 * for many threads.
 */
public final class FairGate {
    private int atOnce;
    private final FairQueue<Waiting> waiting = new FairQueue<>();
    private final Shares inside = new Shares();

    /** Never equal to another. */
    private static final class Waiting {
        private final String namespace;
        private final CountDownLatch admitted = new CountDownLatch(1);

        private Waiting(String namespace) {
            this.namespace = namespace;
        }
    }

    /** One that nobody has entered. */
    public FairGate(int atOnce) {
        this.atOnce = atOnce;
    }

    /** Lets so much work be done at a time from now on, if that is more than before. */
    public synchronized void widen(int toAtOnce) {
        atOnce = Math.max(atOnce, toAtOnce);
        admit();
    }

    /** Leave to do the work, until it is closed. */
    public interface Pass extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits until there is room for work of a namespace. */
    public Pass enter(String namespace) throws InterruptedException {
        var mine = new Waiting(namespace);
        synchronized (this) {
            waiting.add(namespace, mine);
            admit();
        }
        try {
            mine.admitted.await();
        } catch (InterruptedException e) {
            synchronized (this) {
                waiting.remove(namespace, mine);
                if (mine.admitted.getCount() == 0) {
                    leave(namespace);
                }
            }
            throw e;
        }
        return () -> leave(namespace);
    }

    private synchronized void leave(String namespace) {
        inside.giveBack(namespace, 1);
        admit();
    }

    private synchronized void admit() {
        for (Optional<Waiting> next = poll(); next.isPresent(); next = poll()) {
            inside.take(next.get().namespace, 1);
            next.get().admitted.countDown();
        }
    }

    private Optional<Waiting> poll() {
        return waiting.poll(namespace -> inside.admits(namespace, 1, atOnce));
    }
}
