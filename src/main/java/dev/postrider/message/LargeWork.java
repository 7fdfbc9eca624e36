package dev.postrider.message;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets few large messages be worked on at a time: one of each namespace, and some in all, in the order in which they
 * asked. So neither memory nor processors are one namespace's alone. Safe for threads.
 */
public final class LargeWork {
    /** Octets from which on a message is large; work on smaller ones is done at once. */
    static final long LARGE = 256 * 1024;
    /** What an upload takes: the message or a piece of it, some 3 MiB, and the same in Base64 and in JSON. */
    private static final long MEMORY_OF_UPLOAD = 24L << 20;
    private static final int MOST_UPLOADS = 64;

    /** How long others may have to wait for a carrier, but for the block or the field that is worked on. */
    private static final long SLICE_NANOS = 5_000_000;
    /** When the slice of a thread began. */
    private static final ThreadLocal<long[]> SLICES = ThreadLocal.withInitial(() -> new long[]{System.nanoTime()});

    /** For messages that are of no organization. */
    static final Share NOBODYS = new LargeWork().of("");

    private final Gate changes = new Gate(2 * Runtime.getRuntime().availableProcessors());
    private final Gate uploads = new Gate(
            Math.clamp(Runtime.getRuntime().maxMemory() / 4 / MEMORY_OF_UPLOAD, 2, MOST_UPLOADS));

    /**
     * Lets other virtual threads use the processor, which are not interrupted for that: to be called after each block and
     * each field of a message. To yield is not enough: whoever waits for the network or a timer comes after one that
     * yielded, again and again. So each slice of work ends with a pause, in which the carrier is free.
     */
    @SuppressWarnings("ThreadPriorityCheck") // It is about platform threads.
    public static void letOthersOn() {
        long[] began = SLICES.get();
        if (System.nanoTime() - began[0] < SLICE_NANOS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(1);
            began[0] = System.nanoTime();
        }
    }

    /** What one namespace may do. */
    public record Share(LargeWork work, String namespace) {

        /**
         * Waits until a message may be changed.
         *
         * @return to be closed when that is done
         * @throws MessageException if the relay stops
         */
        public Permit change(MessageContent message) throws MessageException {
            return message.size() < LARGE ? NOTHING : work.changes.enter(namespace);
        }

        /** Waits until a message, or pieces of it, may be held in memory and sent from there. */
        public Permit upload(MessageContent message) throws MessageException {
            return message.size() < LARGE ? NOTHING : work.uploads.enter(namespace);
        }
    }

    /** Leave to work on a message, until it is closed. */
    public interface Permit extends AutoCloseable {
        @Override
        void close();
    }

    private static final Permit NOTHING = () -> {};

    /** The share of a namespace. */
    public Share of(String namespace) {
        return new Share(this, namespace);
    }

    /** At most one of a namespace waits for all others, so that these take turns. */
    private static final class Gate {
        private final Semaphore all;
        private final Map<String, Own> own = new HashMap<>();

        private static final class Own {
            private final Semaphore turn = new Semaphore(1, true);
            private int users;
        }

        Gate(int most) {
            all = new Semaphore(most, true);
        }

        Permit enter(String namespace) throws MessageException {
            Own mine = use(namespace);
            try {
                mine.turn.acquire();
                try {
                    all.acquire();
                } catch (InterruptedException e) {
                    mine.turn.release();
                    throw e;
                }
            } catch (InterruptedException e) {
                leave(namespace, mine);
                Thread.currentThread().interrupt();
                throw MessageException.passing("the relay stops; it will be tried again");
            }
            return () -> {
                all.release();
                mine.turn.release();
                leave(namespace, mine);
            };
        }

        private synchronized Own use(String namespace) {
            Own mine = own.computeIfAbsent(namespace, _ -> new Own());
            mine.users++;
            return mine;
        }

        private synchronized void leave(String namespace, Own mine) {
            if (--mine.users == 0) {
                own.remove(namespace);
            }
        }
    }
}
