package dev.postrider.relay.delivery;

import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the mail of each organization goes, by the routes. Guarded by {@link Turns}. */
final class Destinations {
    private static final Logger LOG = LoggerFactory.getLogger(Destinations.class);

    private final Routes routes;
    private final Lanes lanes;
    private final Consumer<ResourceKey> remove;
    private final Map<ResourceKey, Backlog> backlogs = new HashMap<>();
    private final Map<PoolKey, Pool> pools = new HashMap<>();

    private final OwnRests none;

    /** @param alone the organization, where its mail rests at one of the servers */
    private record PoolKey(String namespace, Map<Lane, Preference> servers, Optional<ResourceKey> alone) {}

    /** @param remove told of organizations that are deleted with their mail, or are unknown */
    Destinations(Routes routes, Lanes lanes, Consumer<ResourceKey> remove) {
        this.routes = routes;
        this.lanes = lanes;
        this.remove = remove;
        this.none = new OwnRests(lanes::newBreaker);
    }

    /** An organization's mail; it is noted from now on. */
    Backlog of(ResourceKey organization) {
        Backlog known = backlogs.get(organization);
        if (known != null) {
            return known;
        }
        var backlog = new Backlog(organization, lanes.newBreaker(), new OwnRests(lanes::newBreaker));
        backlogs.put(organization, backlog);
        route(backlog);
        return backlog;
    }

    /** An organization's mail, if it has any. */
    Optional<Backlog> find(ResourceKey organization) {
        return Optional.ofNullable(backlogs.get(organization));
    }

    Collection<Backlog> backlogs() {
        return backlogs.values();
    }

    Collection<Pool> pools() {
        return pools.values();
    }

    /** Organizations whose mail is noted. */
    List<ResourceKey> organizations() {
        return List.copyOf(backlogs.keySet());
    }

    /** Those among them that name one of these servers, which are nobody else's than their namespaces'. */
    List<ResourceKey> naming(Set<ResourceKey> servers) {
        if (servers.isEmpty()) {
            return List.of();
        }
        return backlogs.keySet()
                .stream()
                .filter(organization -> routes.organization(organization)
                        .filter(route -> route.servers().stream().anyMatch(servers::contains))
                        .isPresent())
                .toList();
    }

    /** How many organizations and groups of them are noted. */
    int size() {
        return backlogs.size() + pools.size();
    }

    void forget(ResourceKey organization) {
        Backlog forgotten = backlogs.remove(organization);
        if (forgotten != null) {
            forgetOwn(forgotten, forgotten.pool());
        }
    }

    /** A pool of one organization alone goes with that, for it knows where its mail rests. */
    private void forgetOwn(Backlog backlog, @Nullable Pool pool) {
        if (pool != null && pool.rests() == backlog.rests()) {
            pools.values().remove(pool);
            pool.lanes().forEach(lane -> lane.waiting().remove(pool.namespace(), pool));
        }
    }

    /** Looks where its mail goes now; what is to go nowhere ever is removed. */
    void routeAgain(Backlog backlog) {
        Pool before = backlog.pool();
        route(backlog);
        if (backlog.pool() != before) {
            forgetOwn(backlog, before);
        }
        if (backlog.pool() == null && isToRemove(backlog.organization())) {
            remove.accept(backlog.organization());
        }
    }

    private boolean isToRemove(ResourceKey organization) {
        return routes.organization(organization)
                .map(route -> route.state() == OrganizationRoute.State.DROPPING)
                .orElse(true);
    }

    private void route(Backlog backlog) {
        backlog.pool(null);
        backlog.of(routes.organization(backlog.organization()).flatMap(OrganizationRoute::uid));
        Optional<Routing> routing = routes.routing(backlog.organization());
        if (routing.isEmpty() || isToRemove(backlog.organization())) {
            return;
        }
        switch (routing.get()) {
            case Routing.Through(List<ServerRoute> servers) -> {
                Map<Lane, Preference> preferences = new LinkedHashMap<>();
                servers.forEach(server -> preferences.put(lanes.of(server.key()), server.preference()));
                var key = new PoolKey(backlog.organization().namespace(), preferences,
                        Optional.of(backlog.organization()).filter(_ -> !backlog.rests().isEmpty()));
                backlog.pool(pools.computeIfAbsent(key, all -> new Pool(all.namespace, all.servers,
                        all.alone.isPresent() ? backlog.rests() : none)));
            }
            case Routing.Nowhere nowhere ->
                LOG.info("mail of organization {} waits: {}", backlog.organization(), nowhere.reason());
        }
    }

    /** Forgets pools that nobody is in any more, and their servers. */
    void prune() {
        Set<Pool> used = Collections.newSetFromMap(new IdentityHashMap<>());
        backlogs.values().forEach(backlog -> {
            if (backlog.pool() != null) {
                used.add(backlog.pool());
            }
        });
        Set<Lane> needed = new HashSet<>();
        used.forEach(pool -> needed.addAll(pool.lanes()));
        pools.values().removeIf(pool -> !used.contains(pool));
        lanes.all().forEach(lane -> lane.waiting().retain(used::contains));
        lanes.retain(needed);
    }
}
