package dev.postrider.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mails on their way, each on a thread of its own beside those that plan: a hanging server costs a thread that nobody
 * misses. Each comes to a result, also by a defect, which is kept until the status that tells of it has been written.
 *
 * @param <K> tells the mails of one resource apart
 * @param <O> an order to send one
 * @param <R> what became of it
 */
public final class Sends<K, O, R> {
    private static final Logger LOG = LoggerFactory.getLogger(Sends.class);

    private final Function<O, K> key;
    private final Function<O, R> sender;
    private final BiFunction<O, Throwable, R> defect;
    private final Executor threads;
    private final Function<O, List<Lane>> lanes;
    private final Map<Object, Queue> queues = new ConcurrentHashMap<>();
    private final Map<String, Map<K, Send<O, R>>> sends = new ConcurrentHashMap<>();

    /** How many mails of the same name are on their way at most; others wait, in the order in which they came. */
    public record Lane(Object name, int width) {}

    /** Who waits in a lane; kept while somebody does. */
    private static final class Queue {
        private final Semaphore permits;
        private int users;

        Queue(int width) {
            this.permits = new Semaphore(width, true);
        }
    }

    /**
     * Sends by a sender that may block.
     *
     * @param defect  what becomes of a mail whose sender threw: a failure, so that the plan tries again in its time
     * @param atOnce  how many mails are on their way at most; others wait
     * @param threads runs each at once, on a thread of its own
     */
    public Sends(Function<O, K> key, Function<O, R> sender, BiFunction<O, Throwable, R> defect, int atOnce,
            Executor threads) {
        this(key, sender, defect, _ -> List.of(new Lane("all", atOnce)), threads);
    }

    /**
     * Sends by a sender that may block.
     *
     * @param lanes what a mail waits for, one after the other; all mails must name them in the same order of kinds
     */
    public Sends(Function<O, K> key, Function<O, R> sender, BiFunction<O, Throwable, R> defect,
            Function<O, List<Lane>> lanes, Executor threads) {
        this.key = key;
        this.sender = sender;
        this.defect = defect;
        this.threads = threads;
        this.lanes = lanes;
    }

    /** A mail, under way or ended. */
    public sealed interface Send<O, R> {
        /** It is on its way. */
        record Running<O, R>(O order) implements Send<O, R> {}

        /** It ended. */
        record Ended<O, R>(O order, R result) implements Send<O, R> {}
    }

    /** The mails of a resource. */
    public Map<K, Send<O, R>> of(String uid) {
        return sends.getOrDefault(uid, Map.of());
    }

    /** Whether none is on its way, and no result waits to be written. */
    public boolean isIdle() {
        return sends.isEmpty();
    }

    /**
     * Sends a mail.
     *
     * @param uid   of the resource that wants it
     * @param ended called when the result is there to be read
     */
    public void start(String uid, O order, Runnable ended) {
        K mail = key.apply(order);
        put(uid, mail, new Send.Running<>(order));
        threads.execute(() -> {
            send(uid, mail, order);
            ended.run();
        });
    }

    private void send(String uid, K mail, O order) {
        List<Lane> entered = List.of();
        Throwable thrown = null;
        try {
            R result;
            try {
                List<Lane> all = lanes.apply(order);
                entered = new ArrayList<>(all.size());
                for (Lane lane : all) {
                    enter(lane);
                    entered.add(lane);
                }
                result = sender.apply(order);
            } catch (RuntimeException | Error e) {
                // An Error, too, as one for want of stack or memory: else the mail would be on its way for ever.
                thrown = e;
                result = defect.apply(order, e);
            }
            end(uid, mail, new Send.Ended<>(order, result));
        } finally {
            for (Lane lane : entered.reversed()) {
                leave(lane, 1);
            }
        }
        if (thrown != null) {
            log(mail, thrown);
        }
    }

    /** What logs may fail for the same want as what is logged, and the mail has ended. */
    private static void log(Object mail, Throwable thrown) {
        try {
            LOG.error("mail {} failed unexpectedly", mail, thrown);
        } catch (RuntimeException | Error _) {
            // The result tells of it, too.
        }
    }

    private void enter(Lane lane) {
        Queue queue = queues.compute(lane.name(), (_, there) -> {
            Queue now = there == null ? new Queue(lane.width()) : there;
            now.users++;
            return now;
        });
        boolean acquired = false;
        try {
            queue.permits.acquireUninterruptibly();
            acquired = true;
        } finally {
            if (!acquired) {
                leave(lane, 0);
            }
        }
    }

    private void leave(Lane lane, int permits) {
        queues.computeIfPresent(lane.name(), (_, queue) -> {
            queue.permits.release(permits);
            queue.users--;
            return queue.users == 0 ? null : queue;
        });
    }

    /** Forgets a result that the status tells of now. */
    public void written(String uid, K mail) {
        sends.computeIfPresent(uid, (_, old) -> {
            Map<K, Send<O, R>> now = new HashMap<>(old);
            now.remove(mail);
            return now.isEmpty() ? null : Map.copyOf(now);
        });
    }

    /** Forgets a resource that is gone. */
    public void forget(String uid) {
        sends.remove(uid);
    }

    /** Of a resource that is gone meanwhile nobody wants to know. */
    private void end(String uid, K mail, Send<O, R> result) {
        sends.computeIfPresent(uid, (_, old) -> {
            Map<K, Send<O, R>> now = new HashMap<>(old);
            now.replace(mail, result);
            return Map.copyOf(now);
        });
    }

    private void put(String uid, K mail, Send<O, R> send) {
        sends.compute(uid, (_, old) -> {
            Map<K, Send<O, R>> now = new HashMap<>(old == null ? Map.of() : old);
            now.put(mail, send);
            return Map.copyOf(now);
        });
    }
}
