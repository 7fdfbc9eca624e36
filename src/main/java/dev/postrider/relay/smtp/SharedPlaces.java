package dev.postrider.relay.smtp;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A number of places, and who has them since when. Not safe for threads. */
final class SharedPlaces<K, P> {
    private final int most;
    private final Map<K, Set<P>> holders = new LinkedHashMap<>();
    private int taken;

    SharedPlaces(int most) {
        this.most = most;
    }

    int taken() {
        return taken;
    }

    boolean isFull() {
        return taken >= most;
    }

    int of(K holder) {
        return holders.getOrDefault(holder, Set.of()).size();
    }

    /** Takes a place, though it be one too many. */
    void add(K holder, P place) {
        holders.computeIfAbsent(holder, _ -> new LinkedHashSet<>()).add(place);
        taken++;
    }

    void remove(K holder, P place) {
        Set<P> places = holders.getOrDefault(holder, Set.of());
        if (places.remove(place)) {
            taken--;
            if (places.isEmpty()) {
                holders.remove(holder);
            }
        }
    }

    /** Who has most; of several, who came first. */
    Optional<K> largest() {
        Optional<K> largest = Optional.empty();
        int count = 0;
        for (Map.Entry<K, Set<P>> holder : holders.entrySet()) {
            if (holder.getValue().size() > count) {
                largest = Optional.of(holder.getKey());
                count = holder.getValue().size();
            }
        }
        return largest;
    }

    /** The place that was taken first, of those that will do. */
    Optional<P> oldest(K holder, Predicate<P> which) {
        return holders.getOrDefault(holder, Set.of()).stream().filter(which).findFirst();
    }
}
