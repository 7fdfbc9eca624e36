package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Counts the connections of the only relay. */
final class LocalPermits implements ConnectionPermits {
    private final Map<ResourceKey, Integer> taken = new ConcurrentHashMap<>();

    @Override
    public Optional<Permit> tryTake(ResourceKey server, int limit) {
        var granted = new AtomicBoolean();
        taken.compute(server, (key, count) -> {
            int now = count == null ? 0 : count;
            granted.set(now < limit);
            return granted.get() ? Integer.valueOf(now + 1) : count;
        });
        return granted.get() ? Optional.of(new Counted(server)) : Optional.empty();
    }

    @Override
    public int taken(ResourceKey server) {
        return taken.getOrDefault(server, 0);
    }

    @Override
    public void onWanted(Wanted listener) {
        // There is no other relay.
    }

    private final class Counted implements Permit {
        private final ResourceKey server;
        private final AtomicBoolean held = new AtomicBoolean(true);

        Counted(ResourceKey server) {
            this.server = server;
        }

        @Override
        public boolean isHeld() {
            return held.get();
        }

        @Override
        public void close() {
            if (held.getAndSet(false)) {
                taken.computeIfPresent(server, (key, count) -> count == 1 ? null : count - 1);
            }
        }
    }
}
