package dev.postrider.relay.routes;

import dev.postrider.route.ResourceKey;
import java.util.HashSet;
import java.util.Set;

/**
 * What changed of the routes since it was last taken: however often one changed, it is one to look at. So a change costs
 * what it changes, and not what there is. Safe for many threads.
 */
public final class RouteChanges {
    private final Runnable signal;
    private Set<ResourceKey> organizations = new HashSet<>();
    private Set<ResourceKey> servers = new HashSet<>();
    private boolean all;

    /**
     * Changes that were taken together.
     *
     * @param all           whether anything may have changed: the relay's own route, or a server that is everybody's
     * @param organizations whose routes are new, others than before, or gone
     * @param servers       of a namespace's own, the same
     */
    public record Taken(boolean all, Set<ResourceKey> organizations, Set<ResourceKey> servers) {
        /** Whether there was none. */
        public boolean isEmpty() {
            return !all && organizations.isEmpty() && servers.isEmpty();
        }

        /** How many there were; where anything may have changed, that is one. */
        public int count() {
            return organizations.size() + servers.size() + (all ? 1 : 0);
        }
    }

    RouteChanges(Runnable signal) {
        this.signal = signal;
    }

    void organization(ResourceKey key) {
        synchronized (this) {
            organizations.add(key);
        }
        signal.run();
    }

    void server(ResourceKey key) {
        synchronized (this) {
            servers.add(key);
        }
        signal.run();
    }

    void everything() {
        synchronized (this) {
            all = true;
        }
        signal.run();
    }

    /** Takes what there is. */
    public synchronized Taken take() {
        var taken = new Taken(all, organizations, servers);
        all = false;
        organizations = new HashSet<>();
        servers = new HashSet<>();
        return taken;
    }
}
