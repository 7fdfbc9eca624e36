package dev.postrider.transport;

import java.util.HashMap;
import java.util.Map;

/**
 * Divides what is scarce between namespaces: each may have up to three times what it leaves free for the others. So one
 * alone has three quarters, several have about as much each, something is always left for the next, and nothing is set
 * aside for those who want nothing (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet
 * Switches", 1998). One that has nothing yet may have the last of it. Not safe for threads.
 */
public final class Shares {
    private static final int FACTOR = 3;

    private final Map<String, Long> taken = new HashMap<>();
    private long all;

    /**
     * Whether a namespace may have so much more.
     *
     * @param limit for all together
     */
    public boolean admits(String namespace, long more, long limit) {
        return admits(of(namespace), more, all, limit);
    }

    private static boolean admits(long mine, long more, long all, long limit) {
        long free = limit - all - more;
        return free >= 0 && (mine == 0 || mine + more <= FACTOR * free);
    }

    /**
     * Whether one may have one more of what is counted elsewhere.
     *
     * @param mine  what it has
     * @param all   what all have
     * @param limit for all together
     */
    public static boolean admitsOne(long mine, long all, long limit) {
        return admits(mine, 1, all, limit);
    }

    /**
     * Takes it, whether or not that is within the share.
     *
     * @param more 0 or more
     */
    public void take(String namespace, long more) {
        taken.merge(namespace, more, Long::sum);
        all += more;
    }

    /** Gives back what was taken. */
    public void giveBack(String namespace, long less) {
        taken.computeIfPresent(namespace, (_, had) -> had <= less ? null : had - less);
        all -= less;
    }

    /** What a namespace has. */
    public long of(String namespace) {
        return taken.getOrDefault(namespace, 0L);
    }

    /** What all have. */
    public long all() {
        return all;
    }

    /** How much must stay free for others when a namespace has so much. */
    public static long reserve(long mine) {
        return Math.ceilDiv(mine, FACTOR);
    }
}
