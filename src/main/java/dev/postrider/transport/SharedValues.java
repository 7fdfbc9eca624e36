package dev.postrider.transport;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Values that are got once, however many want them at the same time, and kept while they are good. A failure is told to
 * all who waited for it, and not kept.
 *
 * @param <K> what a value is for; whoever has an equal one gets the same value
 * @param <V> the value
 */
final class SharedValues<K, V> {
    private final Predicate<V> good;
    private final Map<K, CompletableFuture<V>> values = new ConcurrentHashMap<>();

    SharedValues(Predicate<V> good) {
        this.good = good;
    }

    /** Gets a value that is not there, taking as long as it takes. */
    @FunctionalInterface
    interface Getting<V> {
        V get() throws RefusedException;
    }

    /** The value that is there, or the one that this gets. */
    V value(K key, Getting<V> getting) throws RefusedException {
        values.values().removeIf(this::isOver);
        CompletableFuture<V> mine = new CompletableFuture<>();
        CompletableFuture<V> present = values.putIfAbsent(key, mine);
        if (present == null) {
            try {
                mine.complete(getting.get());
            } catch (RefusedException | RuntimeException e) {
                mine.completeExceptionally(e);
            }
        }
        try {
            return (present == null ? mine : present).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RefusedException refused) {
                throw refused;
            }
            throw e;
        }
    }

    /** Does not give out this value again. */
    void forget(K key, Predicate<V> which) {
        values.computeIfPresent(key, (_, present) -> present.isDone() && !present.isCompletedExceptionally()
                && which.test(present.join()) ? null : present);
    }

    private boolean isOver(CompletableFuture<V> value) {
        return value.isDone() && (value.isCompletedExceptionally() || !good.test(value.join()));
    }
}
