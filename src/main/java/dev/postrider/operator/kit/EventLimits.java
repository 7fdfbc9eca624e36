package dev.postrider.operator.kit;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Bounds Events about one object, as the recorders of Kubernetes' own controllers do (client-go,
 * {@code EventSourceObjectSpamFilter}): 25 at once, then one each five minutes. Safe for many threads.
 */
final class EventLimits {
    private static final int BURST = 25;
    private static final Duration REFILL = Duration.ofMinutes(5);
    private static final int MOST_OBJECTS = 4096;

    /** When an object that had all of its Events would have got the first of them back. */
    private final Map<String, Instant> spent = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
            return size() > MOST_OBJECTS;
        }
    };

    /** Whether another Event about an object may be written; it then counts. */
    synchronized boolean admits(String uid, Instant now) {
        Instant from = spent.getOrDefault(uid, Instant.MIN);
        Instant full = now.minus(REFILL.multipliedBy(BURST));
        Instant after = (from.isBefore(full) ? full : from).plus(REFILL);
        if (after.isAfter(now)) {
            return false;
        }
        spent.put(uid, after);
        return true;
    }
}
