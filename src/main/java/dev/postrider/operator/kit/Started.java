package dev.postrider.operator.kit;

import org.jspecify.annotations.Nullable;

/**
 * What a controller has from its start on, as the cache of an informer. No reconciler runs before all have started: to
 * go on without it would be to take what is there for missing.
 */
public final class Started<T> {
    private final String what;
    private volatile @Nullable T value;

    /** @param what for the message, as "the routes of organizations" */
    public Started(String what) {
        this.what = what;
    }

    /** The controller starts. */
    public void set(T started) {
        value = started;
    }

    /**
     * What it has.
     *
     * @throws IllegalStateException if its controller has not started
     */
    public T get() {
        T started = value;
        if (started == null) {
            throw new IllegalStateException(what + " are asked for before their controller has started");
        }
        return started;
    }
}
