package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.FairQueue;
import dev.postrider.transport.Shares;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** One server, and the places at it that are taken. Guarded by {@link Turns}. */
final class Lane {
    final ResourceKey key;
    private final Connections connections;
    final CircuitBreaker breaker;
    private final FairQueue<Pool> waiting = new FairQueue<>();
    /** Places that are taken, by namespace. */
    final Shares places = new Shares();
    /** Namespaces that found no permit within their share, and until when they do not ask again. */
    final Map<String, Instant> withoutPermit = new HashMap<>();
    /** Whose mail made it fail since it took some. */
    final Set<String> failedBy = new HashSet<>();
    // Read without the lock by those who give a connection back.
    volatile Optional<ServerRoute> route;
    long lastUse;
    Instant withoutPermitUntil = Instant.MIN;

    /** Since when it takes no mail, as long as that is so. */
    Instant restsSince = Instant.MIN;

    private final BooleanSupplier several;

    /** @param several whether there are organizations of several namespaces */
    Lane(ResourceKey key, Connections connections, CircuitBreaker breaker, Optional<ServerRoute> route,
            BooleanSupplier several) {
        this.several = several;
        this.key = key;
        this.connections = connections;
        this.breaker = breaker;
        this.route = route;
    }

    ResourceKey key() {
        return key;
    }

    Connections connections() {
        return connections;
    }

    Optional<ServerRoute> route() {
        return route;
    }

    /** Pools that have mail for it and found no place. */
    FairQueue<Pool> waiting() {
        return waiting;
    }

    int limit() {
        return route.map(server -> server.endpoint().maxConnections()).orElse(0);
    }

    /**
     * Whether it may take mail now, though it may have no room: it neither rests nor has to prove itself. While that is
     * so, servers of a later priority get nothing.
     */
    boolean takesMail(Instant now) {
        return route.isPresent() && breaker.state(now) == State.CLOSED;
    }

    /** How many more attempts may begin. */
    int free(Instant now) {
        if (now.isBefore(withoutPermitUntil) || !breaker.admits(now)) {
            return 0;
        }
        int free = (int) Math.max(0, limit() - places.all());
        return breaker.state(now) == State.CLOSED ? free : Math.min(1, free);
    }

    /** Whether a namespace may have a place: some are left for others where there may be others. */
    boolean admits(String namespace, Instant now) {
        return free(now) > 0 && (!isShared() || places.admits(namespace, 1, limit())
                && !now.isBefore(withoutPermit.getOrDefault(namespace, Instant.MIN)));
    }

    private boolean isShared() {
        return several.getAsBoolean() && route.filter(ServerRoute::global).isPresent();
    }

    /** How many connections may be open, at all relays, when a namespace opens one for its last place. */
    int permits(String namespace) {
        long mine = places.of(namespace);
        return isShared() && mine > 1 ? (int) Math.max(1, limit() - Shares.reserve(mine)) : limit();
    }

    /** Until when it lets nobody in, if that is so. */
    Optional<Instant> closedUntil(Instant now) {
        Instant rest = breaker.state(now) == State.OPEN ? breaker.restsUntil() : Instant.MIN;
        Instant later = rest.isAfter(withoutPermitUntil) ? rest : withoutPermitUntil;
        return Optional.of(later).filter(time -> time.isAfter(now));
    }

    void havePermits() {
        withoutPermitUntil = Instant.MIN;
        withoutPermit.clear();
    }

    private double load() {
        return (double) places.all() / limit();
    }

    boolean isBetterThan(Lane other) {
        int byLoad = Double.compare(load(), other.load());
        return byLoad != 0 ? byLoad < 0 : lastUse < other.lastUse;
    }
}
