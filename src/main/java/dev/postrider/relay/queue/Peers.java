package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;

/** The other relays on the same queue. */
interface Peers extends AutoCloseable {
    /** There are none. */
    Peers NONE = new Peers() {
        @Override
        public void start(SqlQueue queue) {
            // Nobody to listen to.
        }

        @Override
        public void tell(ResourceKey organization) {
            // Nobody to tell.
        }

        @Override
        public void tellReleased(ResourceKey organization) {
            // Nobody to tell.
        }

        @Override
        public void close() {
            // Nothing to end.
        }
    };

    /** Begins to listen to them. */
    void start(SqlQueue queue);

    /** Tells them soon that mail of an organization is due that this relay did not take. Does not block. */
    void tell(ResourceKey organization);

    /** Tells them soon that a person wants mail of an organization to be tried now. Does not block. */
    void tellReleased(ResourceKey organization);

    @Override
    void close();
}
