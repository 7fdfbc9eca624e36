package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.FairQueue;
import dev.postrider.transport.Shares;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** One server, and the places at it that are taken. Guarded by {@link Turns}. */
final class Lane {
    private static final Duration LONG = Duration.ofMinutes(1);
    final ResourceKey key;
    private final Connections connections;
    final CircuitBreaker breaker;
    private final FairQueue<Pool> waiting = new FairQueue<>();
    /** What its rates let this relay send. */
    final Allowance allowance = new Allowance();
    /** Places that are taken, by namespace. */
    final Shares places = new Shares();
    /** Namespaces that found no permit within their share, and until when they do not ask again. */
    final Map<String, Instant> withoutPermit = new HashMap<>();
    /** Whose mail made it fail since it took some. */
    final Set<String> failedBy = new HashSet<>();
    /** Whose mail it refused for its account since it took some. */
    final Set<String> refusedFor = new HashSet<>();
    private final ConnectionWindow window = new ConnectionWindow();
    /** What it lets each namespace have that it told of too many while it was handed mail. */
    private final Map<String, ConnectionWindow> windows = new HashMap<>();
    // Read without the lock by those who give a connection back.
    volatile Optional<ServerRoute> route;
    /** Of the MailServer that this is, once it is known. */
    private Optional<String> uid;
    long lastUse;
    Instant withoutPermitUntil = Instant.MIN;

    private final BooleanSupplier several;

    /** @param several whether there are organizations of several namespaces */
    Lane(ResourceKey key, Connections connections, CircuitBreaker breaker, Optional<ServerRoute> route,
            BooleanSupplier several) {
        this.several = several;
        this.key = key;
        this.connections = connections;
        this.breaker = breaker;
        this.route = route;
        this.uid = route.flatMap(ServerRoute::uid);
        allowance.limitedBy(route.flatMap(ServerRoute::rates));
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

    /** Takes up its route; says whether that is another server's, which has its name now, and then this one has none. */
    boolean isSucceededBy(Optional<ServerRoute> now) {
        Optional<String> other = now.flatMap(ServerRoute::uid);
        boolean succeeded = uid.isPresent() && other.isPresent() && !uid.equals(other);
        route = succeeded ? Optional.empty() : now;
        allowance.limitedBy(route.flatMap(ServerRoute::rates));
        uid = uid.or(() -> other);
        return succeeded;
    }

    /** Pools that have mail for it and found no place. */
    FairQueue<Pool> waiting() {
        return waiting;
    }

    int limit() {
        return route.map(server -> server.endpoint().maxConnections()).orElse(0);
    }

    /** How many connections it may have now: what is declared, or less where it said that these are too many. */
    int most(Instant now) {
        return Math.min(limit(), window.most(now));
    }

    private int most(String namespace, Instant now) {
        ConnectionWindow own = windows.get(namespace);
        return own == null ? Integer.MAX_VALUE : own.most(now);
    }

    /** Whether it has fewer connections than it is declared to take. */
    boolean isNarrow(String namespace, Instant now) {
        return Math.min(most(now), most(namespace, now)) < limit();
    }

    /**
     * It said that too many connections are open.
     *
     * @param ofMail whether it may have said so for what is in a mail: then this holds for that namespace alone
     * @param open   connections of all relays
     * @return whether it gets fewer; with one there is nothing to give up
     */
    boolean narrow(Lanes.Place place, boolean ofMail, int open, Instant now) {
        if (ofMail && isShared()) {
            windows.values().removeIf(some -> some.most(now) >= limit());
            return windows.computeIfAbsent(place.namespace(), _ -> new ConnectionWindow())
                    .reduce(place.number(), lastUse, (int) places.of(place.namespace()), now);
        }
        return window.reduce(place.number(), lastUse, open, now);
    }

    /** It took a message of a namespace. */
    void taken(String namespace, Instant now) {
        window.taken(now);
        ConnectionWindow own = windows.get(namespace);
        if (own != null) {
            own.taken(now);
        }
    }

    /**
     * Whether it may take mail of a namespace now, though it may have no room: it neither rests nor has to prove itself,
     * nor is it over its rate, nor has the namespace its share of that. While that is so, servers of a later priority get
     * nothing.
     */
    boolean takesMail(String namespace, Instant now) {
        return route.isPresent() && breaker.state(now) == State.CLOSED && overRateUntil(now).isEmpty()
                && fullOf(namespace, now).isEmpty();
    }

    /** How many more attempts may begin. */
    int free(Instant now) {
        int free = Math.min(allowance.available(now), freePlaces(now));
        return breaker.state(now) == State.CLOSED ? free : Math.min(1, free);
    }

    /** How many more places it has, whatever its rates let through. */
    private int freePlaces(Instant now) {
        return now.isBefore(withoutPermitUntil) || !breaker.admits(now)
                ? 0
                : (int) Math.max(0, most(now) - places.all());
    }

    /** Whether a namespace may have a place: some are left for others where there may be others. */
    boolean admits(String namespace, Instant now) {
        return free(now) > 0 && allowance.available(payer(namespace), now) > 0 && hasPlaceFor(namespace, now);
    }

    private boolean hasPlaceFor(String namespace, Instant now) {
        return freePlaces(now) > 0 && (!isShared() || places.admits(namespace, 1, most(now))
                && places.of(namespace) < most(namespace, now)
                && !now.isBefore(withoutPermit.getOrDefault(namespace, Instant.MIN)));
    }

    /** Whether a namespace has its share of the places, of which some are free. */
    boolean hasItsPlaces(String namespace, Instant now) {
        return freePlaces(now) > 0 && !hasPlaceFor(namespace, now);
    }

    /** Whose part of what may be sent a namespace's mail takes of. */
    String payer(String namespace) {
        return isShared() && allowance.isCounted() ? namespace : Allowance.ANYBODY;
    }

    /** That a namespace has its share of what may be sent in an hour or a day, if that is so. */
    Optional<Allowance.Full> fullOf(String namespace, Instant now) {
        return allowance.fullOf(payer(namespace), now);
    }

    /**
     * What to ask for, so that it may be sent more by its rates.
     *
     * @param more namespaces that have mail for it and do not wait yet
     */
    Optional<Allowance.Wish> ask(List<String> more, Instant now) {
        return isShared() && allowance.isCounted()
                ? allowance.ask(Stream.concat(waiting.waiting().stream(), more.stream())
                        .distinct()
                        .filter(namespace -> hasPlaceFor(namespace, now)), now)
                : allowance.ask(now);
    }

    boolean isGlobal() {
        return route.filter(ServerRoute::global).isPresent();
    }

    /** Whether it is for organizations of several namespaces, of which none may take it from the others. */
    boolean isShared() {
        return several.getAsBoolean() && isGlobal();
    }

    /** How many connections may be open, at all relays, when a namespace opens one for its last place. */
    int permits(String namespace, Instant now) {
        long mine = places.of(namespace);
        int most = most(now);
        return isShared() && mine > 1 ? (int) Math.max(1, most - Shares.reserve(mine)) : most;
    }

    /** Until when it lets nobody in, if that is so. */
    Optional<Instant> closedUntil(Instant now) {
        Instant rest = breaker.state(now) == State.OPEN ? breaker.restsUntil() : Instant.MIN;
        return Stream.of(rest, withoutPermitUntil, overRateUntil(now).orElse(Instant.MIN))
                .max(Instant::compareTo)
                .filter(time -> time.isAfter(now));
    }

    /** Until when it is over its rate, if it is and that is known. */
    Optional<Instant> overRateUntil(Instant now) {
        return allowance.overUntil(now);
    }

    /** Until when it is over its rate, where that is so long that people are to know. */
    Optional<Instant> overRateForLong(Instant now) {
        return overRateUntil(now).filter(until -> until.isAfter(now.plus(LONG)));
    }

    /** Whether it lets no mail of a namespace in for so long that memory is for mail that moves on. */
    boolean isClosedForLong(String namespace, Instant now) {
        return breaker.state(now) == State.OPEN || overRateForLong(now).isPresent()
                || fullOf(namespace, now).filter(full -> full.until().isAfter(now.plus(LONG))).isPresent();
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
