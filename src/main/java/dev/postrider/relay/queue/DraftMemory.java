package dev.postrider.relay.queue;

import java.util.HashMap;
import java.util.Map;

/**
 * Memory of messages that are just coming in, beyond the little that each has for certain: a part of the heap, of which
 * one namespace gets a quarter. Who gets none writes smaller parts. Safe for threads.
 */
final class DraftMemory {
    private static final int SHARES = 4;

    private final long most;
    private final Map<String, Long> taken = new HashMap<>();
    private long all;

    /** @param most octets */
    DraftMemory(long most) {
        this.most = most;
    }

    /** Takes octets; says whether there were so many. */
    synchronized boolean take(String namespace, int octets) {
        long own = taken.getOrDefault(namespace, 0L) + octets;
        if (all + octets > most || own > most / SHARES) {
            return false;
        }
        all += octets;
        taken.put(namespace, own);
        return true;
    }

    synchronized void giveBack(String namespace, int octets) {
        all -= octets;
        taken.computeIfPresent(namespace, (_, own) -> own > octets ? own - octets : null);
    }
}
