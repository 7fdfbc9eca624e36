package dev.postrider.transport;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What waits, of many namespaces: these take turns, and those of one come out as they came. However many things a
 * namespace has, another waits for one of them at most. Not safe for threads.
 *
 * @param <T> what waits; the same waits once
 */
public final class FairQueue<T> {
    private final Map<String, Set<T>> waiting = new LinkedHashMap<>();

    /** Adds it as the last of its namespace, unless it waits already. */
    public void add(String namespace, T item) {
        waiting.computeIfAbsent(namespace, _ -> new LinkedHashSet<>()).add(item);
    }

    public void remove(String namespace, T item) {
        Set<T> mine = waiting.get(namespace);
        if (mine != null && mine.remove(item) && mine.isEmpty()) {
            waiting.remove(namespace);
        }
    }

    /** Takes out what is next. */
    public Optional<T> poll() {
        return poll(_ -> true);
    }

    /**
     * Takes out what is next of the namespaces that may have a turn; the others keep theirs.
     *
     * @param admitted asked of one namespace after the other, until it is so
     */
    public Optional<T> poll(Predicate<String> admitted) {
        return poll(admitted, _ -> true);
    }

    /**
     * Takes out what is next of those that may have a turn; the others keep theirs.
     *
     * @param admitted asked of one namespace after the other, until it is so
     * @param which    asked then of what that namespace has, in its order, until it is so
     */
    public Optional<T> poll(Predicate<String> admitted, Predicate<T> which) {
        for (Iterator<Map.Entry<String, Set<T>>> all = waiting.entrySet().iterator(); all.hasNext();) {
            Map.Entry<String, Set<T>> entry = all.next();
            String namespace = entry.getKey();
            Set<T> mine = entry.getValue();
            Optional<T> next = admitted.test(namespace) ? mine.stream().filter(which).findFirst() : Optional.empty();
            if (next.isPresent()) {
                mine.remove(next.get());
                all.remove();
                if (!mine.isEmpty()) {
                    waiting.put(namespace, mine);
                }
                return next;
            }
        }
        return Optional.empty();
    }

    public boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Namespaces that have something that waits, in the order of their turns. */
    public Set<String> waiting() {
        return Collections.unmodifiableSet(waiting.keySet());
    }

    /** How many namespaces have something that waits. */
    public int namespaces() {
        return waiting.size();
    }

    /** How much of all namespaces waits. */
    public int size() {
        return waiting.values().stream().mapToInt(Set::size).sum();
    }

    /** How much of a namespace waits. */
    public int waiting(String namespace) {
        return waiting.getOrDefault(namespace, Set.of()).size();
    }

    /** Forgets the others. */
    public void retain(Predicate<T> which) {
        waiting.values().removeIf(mine -> {
            mine.removeIf(which.negate());
            return mine.isEmpty();
        });
    }
}
