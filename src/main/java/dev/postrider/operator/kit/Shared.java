package dev.postrider.operator.kit;

import org.jspecify.annotations.Nullable;

/**
 * Gives equal values as one where it still knows the earlier. What it knows is bounded, and who comes later takes the
 * place of who came before; so nobody can fill it. Safe for many threads where the values are immutable.
 *
 * @param <T> what is given
 */
final class Shared<T> {
    @SuppressWarnings("unchecked") // nothing else is put in
    private final @Nullable T[] known;

    /** @param places how many are known at most; a power of two */
    @SuppressWarnings("unchecked")
    Shared(int places) {
        known = (@Nullable T[]) new Object[places];
    }

    /** The one that is known, if it is equal to this one. */
    T of(T read) {
        int hash = read.hashCode();
        int place = (hash ^ hash >>> 16) & known.length - 1;
        T there = known[place];
        if (there != null && there.equals(read)) {
            return there;
        }
        known[place] = read;
        return read;
    }
}
