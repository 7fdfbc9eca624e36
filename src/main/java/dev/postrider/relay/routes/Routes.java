package dev.postrider.relay.routes;

import dev.postrider.reply.CurrentRules;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Quota;
import dev.postrider.route.RelayConfiguration;
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
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All routes that the relay knows at this moment. Safe for many threads. */
public final class Routes {
    private final Map<ResourceKey, OrganizationRoute> organizations = new ConcurrentHashMap<>();
    private final Map<ResourceKey, ServerRoute> servers = new ConcurrentHashMap<>();
    private final Map<ResourceKey, ServerRoute> globals = new ConcurrentSkipListMap<>();
    /** How many organizations each namespace has. */
    private final Map<String, Integer> namespaces = new ConcurrentHashMap<>();
    /** By the names of hosts of links: how many organizations of each namespace want that one for their namespace alone. */
    private final Map<String, Map<String, Integer>> exclusiveHosts = new ConcurrentHashMap<>();
    private final List<RouteChanges> followers = new CopyOnWriteArrayList<>();
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
                    replace(route.key(), null);
                    changed(route.key());
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
                    replace(route.key(), null);
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
            if (owned && ofNewOwners.containsKey(route.key())) {
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
            changed(route.key());
        }
    }

    private void use(OrganizationRoute route) {
        if (!route.equals(replace(route.key(), route))) {
            changed(route.key());
        }
    }

    public void removeOrganization(ResourceKey key) {
        synchronized (ofNewOwners) {
            ofNewOwners.remove(key);
            // Names come and go as often as somebody likes; the queue knows whose they are.
            owners.remove(key);
        }
        if (replace(key, null) != null) {
            changed(key);
        }
    }

    /** Puts a route in the place of the one that was there, which it gives back, and keeps the counts. */
    private synchronized @Nullable OrganizationRoute replace(ResourceKey key, @Nullable OrganizationRoute route) {
        OrganizationRoute before = route == null ? organizations.remove(key) : organizations.put(key, route);
        count(before, -1);
        count(route, 1);
        return before;
    }

    private void count(@Nullable OrganizationRoute route, int more) {
        if (route == null) {
            return;
        }
        String namespace = route.key().namespace();
        count(namespaces, namespace, more);
        route.linking()
                .filter(Linking::exclusive)
                .map(Linking::hostName)
                .ifPresent(
                        host -> exclusiveHosts.compute(host, (_, known) -> {
                            Map<String, Integer> counts = known == null ? new ConcurrentHashMap<>() : known;
                            count(counts, namespace, more);
                            return counts.isEmpty() ? null : counts;
                        }));
    }

    private static void count(Map<String, Integer> counts, String name, int more) {
        counts.merge(name, more, (before, change) -> before + change == 0 ? null : before + change);
    }

    public void put(ServerRoute route) {
        ServerRoute before = servers.put(route.key(), route);
        if (!route.equals(before)) {
            if (route.global()) {
                globals.put(route.key(), route);
            } else {
                globals.remove(route.key());
            }
            serverChanged(route.key(), route.global() || before != null && before.global());
        }
    }

    public void removeServer(ResourceKey key) {
        ServerRoute before = servers.remove(key);
        if (before != null) {
            globals.remove(key);
            serverChanged(key, before.global());
        }
    }

    public void put(RelayRoute route) {
        if (!route.equals(relay)) {
            relay = route;
            replyRules.set(route.replyRules());
            followers.forEach(RouteChanges::everything);
        }
    }

    /** Says that all routes there are have been put: before that, what is missing may only be late. */
    public void markComplete() {
        complete = true;
        followers.forEach(RouteChanges::everything);
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
        return Map.copyOf(namespaces);
    }

    /** The limits of those organizations that have any. */
    public Map<ResourceKey, Quota> quotas() {
        Map<ResourceKey, Quota> quotas = new HashMap<>();
        organizations.forEach((key, route) -> route.quota().ifPresent(quota -> quotas.put(key, quota)));
        return quotas;
    }

    /** Whether there is such an organization, and the host of a link is not one that another namespace has for itself. */
    public boolean mayHaveLinks(ResourceKey organization, String host) {
        Map<String, Integer> ofNamespaces = exclusiveHosts.getOrDefault(Linking.hostName(host), Map.of());
        int others = ofNamespaces.size() - (ofNamespaces.containsKey(organization.namespace()) ? 1 : 0);
        return organizations.containsKey(organization) && others <= 0;
    }

    public Optional<ServerRoute> server(ResourceKey key) {
        return Optional.ofNullable(servers.get(key));
    }

    /** What replies of servers mean, by the installation's rules and those that the program brings. */
    public ReplyRules replyRules() {
        return replyRules.get();
    }

    /**
     * A setting of the relay as the installation's configuration has it now.
     *
     * @param of        that configuration
     * @param otherwise as long as nobody gives one
     */
    public <T> Supplier<T> configured(Function<RelayConfiguration, T> of, T otherwise) {
        return new Configured<>(this::relay, of, otherwise);
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

    /**
     * What changes from now on.
     *
     * @param signal called after each change, on the thread that changed; it must not block
     */
    public RouteChanges changes(Runnable signal) {
        var changes = new RouteChanges(signal);
        followers.add(changes);
        return changes;
    }

    private void serverChanged(ResourceKey key, boolean ofEverybody) {
        if (ofEverybody) {
            synchronized (this) {
                activeGlobals = globals.values().stream().filter(ServerRoute::active).toList();
            }
            // Whoever names no servers goes through it, and where one is required none goes without.
            followers.forEach(RouteChanges::everything);
        } else {
            followers.forEach(changes -> changes.server(key));
        }
    }

    private void changed(ResourceKey organization) {
        followers.forEach(changes -> changes.organization(organization));
    }
}
