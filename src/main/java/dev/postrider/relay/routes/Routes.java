package dev.postrider.relay.routes;

import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** All routes that the relay knows at this moment. Safe for many threads. */
public final class Routes {
    private final Map<ResourceKey, OrganizationRoute> organizations = new ConcurrentHashMap<>();
    private final Map<ResourceKey, ServerRoute> servers = new ConcurrentHashMap<>();
    private final Map<ResourceKey, ServerRoute> globals = new ConcurrentSkipListMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile List<ServerRoute> activeGlobals = List.of();
    private volatile @Nullable RelayRoute relay;
    private volatile boolean complete;

    public void put(OrganizationRoute route) {
        if (!route.equals(organizations.put(route.key(), route))) {
            changed();
        }
    }

    public void removeOrganization(ResourceKey key) {
        if (organizations.remove(key) != null) {
            changed();
        }
    }

    public void put(ServerRoute route) {
        if (!route.equals(servers.put(route.key(), route))) {
            if (route.global()) {
                globals.put(route.key(), route);
            } else {
                globals.remove(route.key());
            }
            serversChanged();
        }
    }

    public void removeServer(ResourceKey key) {
        if (servers.remove(key) != null) {
            globals.remove(key);
            serversChanged();
        }
    }

    public void put(RelayRoute route) {
        if (!route.equals(relay)) {
            relay = route;
            changed();
        }
    }

    /** Says that all routes there are have been put: before that, what is missing may only be late. */
    public void markComplete() {
        complete = true;
        changed();
    }

    /** Whether {@link #markComplete} was called. */
    public boolean isComplete() {
        return complete;
    }

    public Optional<OrganizationRoute> organization(ResourceKey key) {
        return Optional.ofNullable(organizations.get(key));
    }

    /** Whether there is such an organization, and the host of a link is not one that another namespace has for itself. */
    public boolean mayHaveLinks(ResourceKey organization, String host) {
        String name = Linking.hostName(host);
        return organizations.containsKey(organization) && organizations.values()
                .stream()
                .filter(other -> !other.key().namespace().equals(organization.namespace()))
                .flatMap(other -> other.linking().stream())
                .noneMatch(linking -> linking.exclusive() && linking.hostName().equals(name));
    }

    public Optional<ServerRoute> server(ResourceKey key) {
        return Optional.ofNullable(servers.get(key));
    }

    public Optional<RelayRoute> relay() {
        return Optional.ofNullable(relay);
    }

    /** Where mail of an organization goes now; empty if there is no such organization. */
    public Optional<Routing> routing(ResourceKey organization) {
        RelayRoute installation = relay;
        // Not yet known, the stricter of the two holds.
        boolean globalServerRequired = installation == null || installation.globalServerRequired();
        return organization(organization)
                .map(route -> Routing.of(route, globalServerRequired, activeGlobals, this::server));
    }

    /** The servers that mail of an organization is for, active or not; those without a route are left out. */
    public List<ServerRoute> servers(OrganizationRoute organization) {
        return Routing.servers(organization, List.copyOf(globals.values()), this::server);
    }

    /** Calls this after each change, on the thread that changed; it must not block. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    private synchronized void serversChanged() {
        activeGlobals = globals.values().stream().filter(ServerRoute::active).toList();
        changed();
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }
}
