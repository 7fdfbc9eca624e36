package dev.postrider.relay.routes;

import dev.postrider.reply.CurrentRules;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Quota;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import java.util.HashMap;
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
    private final Map<String, Integer> namespaces = new ConcurrentHashMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    /** Of new owners of names, which do not count before the queue is theirs. */
    private final Map<ResourceKey, OrganizationRoute> ofNewOwners = new ConcurrentHashMap<>();
    private final Map<ResourceKey, String> owners = new ConcurrentHashMap<>();
    private volatile @Nullable Runnable newOwner;
    private volatile List<ServerRoute> activeGlobals = List.of();
    private volatile @Nullable RelayRoute relay;
    private final CurrentRules replyRules = new CurrentRules();
    private volatile boolean complete;

    /**
     * Takes over a route. Where somebody cares for the queue, one of an owner who is new counts after
     * {@link #handedOver}, and until then none does.
     */
    public void put(OrganizationRoute route) {
        synchronized (ofNewOwners) {
            Runnable listener = newOwner;
            if (listener != null && isOfNewOwner(route)) {
                ofNewOwners.put(route.key(), route);
                OrganizationRoute there = organizations.get(route.key());
                // One of a version that knew no owners may be the same organization's, and goes on until that is known.
                if (there != null && there.uid().isPresent()) {
                    drop(route.key());
                    changed();
                }
                listener.run();
                return;
            }
            ofNewOwners.remove(route.key());
        }
        use(route);
    }

    private boolean isOfNewOwner(OrganizationRoute route) {
        return route.uid().isPresent() && !route.uid().get().equals(owners.get(route.key()));
    }

    /** Calls this when there is a route of a new owner, as all are that there are now; it must not block. */
    public void onNewOwner(Runnable listener) {
        synchronized (ofNewOwners) {
            newOwner = listener;
            for (OrganizationRoute route : List.copyOf(organizations.values())) {
                if (isOfNewOwner(route)) {
                    drop(route.key());
                    ofNewOwners.put(route.key(), route);
                }
            }
        }
        listener.run();
    }

    /** The routes of owners who are new. */
    public List<OrganizationRoute> ofNewOwners() {
        return List.copyOf(ofNewOwners.values());
    }

    /**
     * Says what became of the queue under a name.
     *
     * @param owned whether the name is the owner's; else the route is that of a former one
     */
    public void handedOver(OrganizationRoute route, boolean owned) {
        synchronized (ofNewOwners) {
            if (owned) {
                owners.put(route.key(), route.uid().orElseThrow());
            }
            // What came after it is looked at on its own.
            if (!ofNewOwners.remove(route.key(), route)) {
                return;
            }
        }
        if (owned) {
            use(route);
        } else {
            changed();
        }
    }

    private void use(OrganizationRoute route) {
        OrganizationRoute before = organizations.put(route.key(), route);
        if (before == null) {
            namespaces.merge(route.key().namespace(), 1, Integer::sum);
        }
        if (!route.equals(before)) {
            changed();
        }
    }

    public void removeOrganization(ResourceKey key) {
        ofNewOwners.remove(key);
        if (drop(key)) {
            changed();
        }
    }

    /** Says whether there was one. */
    private boolean drop(ResourceKey key) {
        if (organizations.remove(key) == null) {
            return false;
        }
        namespaces.computeIfPresent(key.namespace(), (_, count) -> count == 1 ? null : count - 1);
        return true;
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
            replyRules.set(route.replyRules());
            changed();
        }
    }

    /** Says that all routes there are have been put: before that, what is missing may only be late. */
    public void markComplete() {
        complete = true;
        changed();
    }

    /** Whether {@link #markComplete} was called, and all routes count. */
    public boolean isComplete() {
        return complete && ofNewOwners.isEmpty();
    }

    /** Whether there are organizations of more than one namespace. */
    public boolean isShared() {
        return namespaces.size() > 1;
    }

    public Optional<OrganizationRoute> organization(ResourceKey key) {
        return Optional.ofNullable(organizations.get(key));
    }

    /** How many organizations each namespace has. */
    public Map<String, Integer> organizationsOfNamespaces() {
        Map<String, Integer> counted = new HashMap<>();
        organizations.keySet().forEach(key -> counted.merge(key.namespace(), 1, Integer::sum));
        return counted;
    }

    /** The limits of those organizations that have any. */
    public Map<ResourceKey, Quota> quotas() {
        Map<ResourceKey, Quota> quotas = new HashMap<>();
        organizations.forEach((key, route) -> route.quota().ifPresent(quota -> quotas.put(key, quota)));
        return quotas;
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

    /** What replies of servers mean, by the installation's rules and those that the program brings. */
    public ReplyRules replyRules() {
        return replyRules.get();
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
