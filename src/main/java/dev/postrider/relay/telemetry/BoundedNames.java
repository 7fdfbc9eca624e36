package dev.postrider.relay.telemetry;

import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * Values of a label, no more than a number of them: the most active have a value of their own, the rest share
 * {@value #OTHER}. Safe for many threads.
 */
final class BoundedNames<K> {
    static final String OTHER = "other";

    private final int most;
    private final Map<K, LongAdder> activity = new ConcurrentHashMap<>();
    private volatile Set<K> named = Set.of();

    BoundedNames(int most) {
        this.most = most;
    }

    /** The label's value for something that was just active. */
    String active(K key) {
        activity.computeIfAbsent(key, first -> new LongAdder()).increment();
        if (named.size() < most && !named.contains(key)) {
            name(key);
        }
        return of(key);
    }

    private synchronized void name(K key) {
        if (named.size() < most) {
            Set<K> more = new HashSet<>(named);
            more.add(key);
            named = more;
        }
    }

    /** The label's value. */
    String of(K key) {
        return named.contains(key) ? key.toString() : OTHER;
    }

    /**
     * Decides anew who is most active; what is long ago counts less each time. Who has a name keeps it unless another
     * was twice as active.
     */
    synchronized void rank() {
        Map<K, Long> ranked = activity.entrySet()
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey,
                        entry -> entry.getValue().sum() * (named.contains(entry.getKey()) ? 2 : 1)));
        named = ranked.entrySet()
                .stream()
                .filter(entry -> entry.getValue() > 0)
                .sorted(Map.Entry.<K, Long>comparingByValue(Comparator.reverseOrder()))
                .limit(most)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
        activity.forEach((key, count) -> {
            long sum = count.sum();
            count.add(sum / 2 - sum);
            if (sum <= 1 && !named.contains(key)) {
                activity.remove(key, count);
            }
        });
    }

    /** The values, as they are now. */
    Set<String> current() {
        return named.stream().map(Object::toString).collect(Collectors.toSet());
    }
}
