package dev.postrider.relay.smtp;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** How many sessions each client has open, within a bound. */
final class Occupancy<K> {
    private final ConcurrentMap<K, Integer> open = new ConcurrentHashMap<>();
    private final int most;

    Occupancy(int most) {
        this.most = most;
    }

    /** Takes a place, if there is one. */
    boolean enter(K key) {
        boolean[] entered = new boolean[1];
        open.compute(key, (k, count) -> {
            int now = count == null ? 0 : count;
            entered[0] = now < most;
            return entered[0] ? Integer.valueOf(now + 1) : count;
        });
        return entered[0];
    }

    /** Takes a place, though it be one too many. */
    void enterAnyway(K key) {
        open.merge(key, 1, Integer::sum);
    }

    void leave(K key) {
        open.computeIfPresent(key, (k, count) -> count == 1 ? null : count - 1);
    }
}
