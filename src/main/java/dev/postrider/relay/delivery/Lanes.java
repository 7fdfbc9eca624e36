package dev.postrider.relay.delivery;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The lanes to all servers, and which of an organization's is best for the next message. */
final class Lanes {
    /** A place at a server that was taken for one message. */
    record Place(ServerRoute server, Lane lane) {}

    private final Upstreams upstreams;
    private final Map<ResourceKey, Lane> lanes = new ConcurrentHashMap<>();

    Lanes(Upstreams upstreams) {
        this.upstreams = upstreams;
    }

    Lane of(ServerRoute server) {
        return lanes.computeIfAbsent(server.key(), key -> new Lane(upstreams));
    }

    /**
     * Takes a place at the least busy server that has one. Servers that rest are left out as long as another does not.
     *
     * @param tried servers that are out of the question
     */
    Optional<Place> enter(List<ServerRoute> servers, Set<ResourceKey> tried, Instant now) {
        boolean allRest = allRest(servers, now);
        return servers.stream()
                .filter(server -> !tried.contains(server.key()))
                .map(server -> new Place(server, of(server)))
                .filter(place -> allRest || !place.lane.rests(now))
                .sorted(Comparator.comparingInt(place -> place.lane.busy()))
                .filter(place -> place.lane.enter(place.server))
                .findFirst();
    }

    /** Whether none of these servers could be reached lately. */
    boolean allRest(List<ServerRoute> servers, Instant now) {
        return servers.stream().allMatch(server -> of(server).rests(now));
    }

    /** Closes connections that have waited for longer than this, without waiting for it. */
    void closeIdle(Instant now, Duration idleTime) {
        for (Lane lane : lanes.values()) {
            for (Upstream upstream : lane.expired(now, idleTime)) {
                Thread.ofVirtual().name("upstream-close").start(upstream::close);
            }
        }
    }

    boolean hasIdle() {
        return lanes.values().stream().anyMatch(Lane::hasIdle);
    }
}
