package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import java.util.List;
import java.util.Optional;

/** Work that is begun and never done, where nothing is ever read from the queue. */
abstract class UndoneWork implements Work {
    /** No server ever has a permit to give. */
    static final ConnectionPermits NO_PERMITS = new ConnectionPermits() {
        @Override
        public Optional<Permit> tryTake(ResourceKey server, int limit) {
            return Optional.empty();
        }

        @Override
        public int taken(ResourceKey server) {
            return 0;
        }

        @Override
        public void onWanted(Wanted listener) {
            // Nobody wants any.
        }
    };

    @Override
    public final void deliver(Turn turn) {
        throw new AssertionError("nothing was read");
    }

    @Override
    public final void release(List<QueuedMessage> messages) {
        throw new AssertionError("nothing was read");
    }

    @Override
    public final void remove(ResourceKey organization) {
        throw new AssertionError("all of them are there");
    }

    @Override
    public final void timeChanged() {
        // The test does not wait.
    }
}
