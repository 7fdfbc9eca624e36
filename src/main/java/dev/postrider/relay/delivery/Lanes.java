package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RateLimits;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The places at all servers: which of an organization's is best for the next message. Guarded by {@link Turns}. */
final class Lanes {
    private static final Logger LOG = LoggerFactory.getLogger(Lanes.class);
    private static final Duration PERMIT_RETRY = Duration.ofMillis(200);
    /** Nobody is woken more often for a server's rate. */
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(5);

    /**
     * A place at a server that was taken for one message.
     *
     * @param choice  by which the server was taken
     * @param permits how many connections may be open when one is opened for it
     * @param taken   what it is of the rate of the server
     */
    record Place(Lane lane, ServerChoice<Lane> choice, ServerRoute server, String namespace, int permits,
            boolean probe, Allowance.Taken taken) {

        /** It is for a message to so many. */
        Place to(int recipients) {
            lane.allowance.charge(taken, recipients);
            return this;
        }
    }

    /** How the servers are for a namespace at a time. */
    private record At(String namespace, Instant now) implements ServerChoice.Moment<Lane> {
        @Override
        public boolean takesMail(Lane lane) {
            return lane.takesMail(now);
        }

        @Override
        public boolean hasRoom(Lane lane) {
            return lane.admits(namespace, now);
        }

        @Override
        public int limit(Lane lane) {
            return lane.limit();
        }

        @Override
        public boolean isBetter(Lane lane, Lane other) {
            return lane.isBetterThan(other);
        }
    }

    /** A server that rests, and the failure that it rests for. */
    record Resting(ServerRoute server, Verdict.Refused failure) {}

    private final Routes routes;
    private final Upstreams upstreams;
    private final ConnectionPermits permits;
    private final DeliverySettings settings;
    private final RelayMeters meters;
    private final Map<ResourceKey, Lane> lanes = new HashMap<>();
    private final Agenda wakeUps = new Agenda();
    private long uses;

    Lanes(Routes routes, Upstreams upstreams, ConnectionPermits permits, DeliverySettings settings,
            RelayMeters meters) {
        this.routes = routes;
        this.upstreams = upstreams;
        this.permits = permits;
        this.settings = settings;
        this.meters = meters;
    }

    Lane of(ResourceKey server) {
        return lanes.computeIfAbsent(server, key -> new Lane(key, new Connections(upstreams, permits, settings),
                newBreaker(), current(key), routes::isShared));
    }

    CircuitBreaker newBreaker() {
        return new CircuitBreaker(settings.serverRest(), settings.longestServerRest());
    }

    private Optional<ServerRoute> current(ResourceKey server) {
        return routes.server(server).filter(ServerRoute::active);
    }

    Collection<Lane> all() {
        return lanes.values();
    }

    RelayMeters meters() {
        return meters;
    }

    /** Takes up the routes as they are now. */
    void refresh() {
        lanes.values().forEach(lane -> lane.route(current(lane.key)));
    }

    /** Forgets servers that are gone, unless they are among these or have attempts under way. */
    void retain(Set<Lane> needed) {
        lanes.values().removeIf(lane -> lane.route.isEmpty() && lane.places.all() == 0 && !needed.contains(lane));
    }

    /** A connection was closed, so there may be a permit for another. */
    void connectionClosed(Lane lane) {
        lane.havePermits();
    }

    /**
     * Takes a place at the server that is next: the first priority that takes mail, in it by weight, and where all
     * weights are the same the one with the most room in proportion to its limit.
     *
     * @param namespace whose message it is for
     * @param tried     servers that are out of the question
     */
    Optional<Place> enter(ServerChoice<Lane> choice, String namespace, Set<ResourceKey> tried, Instant now) {
        return choice.take(lane -> !tried.contains(lane.key), new At(namespace, now)).map(best -> {
            best.places.take(namespace, 1);
            best.lastUse = ++uses;
            return new Place(best, choice, best.route.orElseThrow(), namespace, best.permits(namespace),
                    best.breaker.begin(), best.allowance.take());
        });
    }

    /** Whether a pool's next message may go to one of its servers now. */
    static boolean mayEnter(Pool pool, Lane lane, Instant now) {
        return pool.choice().mayTake(lane, new At(pool.namespace(), now));
    }

    /** Gives a place back of which nothing came. */
    void abandon(Place place) {
        place.choice.over(place.lane);
        place.lane.places.giveBack(place.namespace, 1);
        place.lane.breaker.abandoned(place.probe);
        place.lane.allowance.giveBack(place.taken);
    }

    /**
     * What to ask for, so that a server may be sent more by its rate. Where something is to come by itself, it is woken
     * then.
     */
    Optional<Allowance.Wish> ask(Lane lane, Instant now) {
        Optional<Allowance.Wish> wish = lane.allowance.ask(now);
        if (wish.isEmpty()) {
            lane.overRateUntil(now).ifPresent(until -> {
                Instant soon = now.plus(SHORTEST_WAIT);
                wakeUps.put(lane.key, until.isAfter(soon) ? until : soon);
                meters.overRate(lane.key, until);
            });
        }
        return wish;
    }

    /**
     * Gives a place back for want of a permit for its connection; others are not let in for a moment, or those of its
     * namespace are not, where only that namespace lacks one.
     */
    void abandonWithoutPermit(Place place, Instant now) {
        abandon(place);
        Instant until = now.plus(PERMIT_RETRY);
        if (place.permits < place.lane.limit()) {
            place.lane.withoutPermit.put(place.namespace, until);
        } else {
            place.lane.withoutPermitUntil = until;
        }
        wakeUps.put(place.lane.key, until);
    }

    /**
     * Gives a place back after an attempt. What failed with the mail itself may be due to that mail: it counts for the
     * server once for each namespace, so that nobody alone keeps a server from others.
     *
     * @return whether the server took mail before and does not any more, so that others are to be looked for
     */
    boolean leave(Place place, ResourceKey organization, Optional<Verdict.Refused> failure, Instant now) {
        Lane lane = place.lane;
        place.choice.over(lane);
        lane.places.giveBack(place.namespace, 1);
        lane.havePermits();
        State before = lane.breaker.state(now);
        if (failure.isEmpty()) {
            lane.failedBy.clear();
            lane.breaker.succeeded();
        } else if (!Outcome.mayBeDueToMail(failure.get()) || lane.failedBy.add(organization.namespace())) {
            lane.breaker.failed(place.probe, failure.get(), now);
        } else {
            lane.breaker.abandoned(place.probe);
        }
        State after = lane.breaker.state(now);
        if (after == State.OPEN && before != State.OPEN) {
            wakeUps.put(lane.key, lane.breaker.restsUntil());
            meters.rests(lane.key, lane.breaker.restsUntil());
            LOG.warn("server {} gets no mail until {}: {}", lane.key, lane.breaker.restsUntil(),
                    failure.map(Verdict.Refused::message).orElse(""));
        } else if (after == State.CLOSED && before != State.CLOSED) {
            LOG.info("server {} takes mail again", lane.key);
        }
        return before == State.CLOSED && after != State.CLOSED;
    }

    /** Whether all of these rest, or are not there. */
    boolean allRest(List<Lane> some, Instant now) {
        for (Lane lane : some) {
            if (lane.route.isPresent() && !lane.isClosedForLong(now)) {
                return false;
            }
        }
        return true;
    }

    /** Those of these that rest. */
    List<Resting> resting(List<Lane> some, Instant now) {
        return some.stream()
                .filter(lane -> lane.isClosedForLong(now))
                .flatMap(lane -> lane.route
                        .flatMap(server -> why(lane, now).map(failure -> new Resting(server, failure)))
                        .stream())
                .toList();
    }

    private static Optional<Verdict.Refused> why(Lane lane, Instant now) {
        // RFC 3463, X.4.5: the system was not able to deliver in time, for there is too much mail.
        return lane.breaker.state(now) == State.OPEN
                ? lane.breaker.lastFailure()
                : lane.allowance.waitsFor()
                        .map(limit -> new Verdict.Refused(Step.MessageRejected, false, "4.4.5",
                                waitsForRate(lane, limit)));
    }

    private static String waitsForRate(Lane lane, RateLimits.Limit limit) {
        return "waits for the rate of server %s: %s".formatted(lane.key, limit);
    }

    /**
     * Why none of these lets in a message that is due, if that is so.
     *
     * @param namespace of its organization
     * @param due       when it is
     */
    Optional<Waiting.Reason> closed(List<ServerRoute> servers, String namespace, Instant due, Instant now) {
        Map<String, Instant> rest = new LinkedHashMap<>();
        List<ServerRoute> full = new ArrayList<>();
        for (ServerRoute server : inReach(servers, now)) {
            Lane lane = lanes.get(server.key());
            if (lane == null) {
                return Optional.empty();
            }
            if (lane.breaker.state(now) == State.OPEN) {
                rest.put(rests(server), lane.breaker.restsUntil());
            } else if (lane.allowance.available(now) == 0) {
                rest.put(lane.allowance.waitsFor()
                        .map(limit -> waitsForRate(lane, limit))
                        .orElseGet(() -> "waits for the rate of server " + lane.key),
                        lane.overRateUntil(now).orElse(now));
            } else if (!lane.admits(namespace, now)) {
                full.add(server);
            } else {
                return Optional.empty();
            }
        }
        return full.isEmpty()
                ? rest.entrySet()
                        .stream()
                        .min(Map.Entry.comparingByValue())
                        .filter(first -> first.getValue().isAfter(due))
                        .map(first -> new Waiting.Reason(first.getKey(), Optional.of(first.getValue())))
                : Optional.of(full.getFirst())
                        .filter(_ -> !due.isAfter(now))
                        .map(server -> isFull(server, namespace, now));
    }

    /** Those that mail may go to: of the first priority that takes mail, and of those before it. */
    private List<ServerRoute> inReach(List<ServerRoute> servers, Instant now) {
        int last = servers.stream()
                .filter(server -> Optional.ofNullable(lanes.get(server.key()))
                        .filter(l -> l.takesMail(now))
                        .isPresent())
                .mapToInt(server -> server.preference().priority())
                .min()
                .orElse(Integer.MAX_VALUE);
        return servers.stream().filter(server -> server.preference().priority() <= last).toList();
    }

    private String rests(ServerRoute server) {
        return "server %s gets no mail for a while, since attempts failed%s".formatted(server.key(),
                of(server.key()).breaker.lastFailure().map(failure -> " (" + failure.step() + ")").orElse(""));
    }

    private Waiting.Reason isFull(ServerRoute server, String namespace, Instant now) {
        Lane lane = of(server.key());
        if (lane.free(now) > 0) {
            return new Waiting.Reason("namespace %s has its share of the connections to server %s (maxConnections: %d)"
                    .formatted(namespace, server.key(), server.endpoint().maxConnections()));
        }
        return new Waiting.Reason(lane.breaker.lastFailure().isPresent() && lane.places.all() < lane.limit()
                ? "server %s failed, and is tried with one message first".formatted(server.key())
                : "all connections to server %s are in use (maxConnections: %d)"
                        .formatted(server.key(), server.endpoint().maxConnections()));
    }

    /** Servers whose rest is over, so that what waits for them may be tried. */
    List<Lane> takeRested(Instant now) {
        List<Lane> lanesToWake = wakeUps.takeDue(now).stream().map(this::of).toList();
        // Since its time was noted it may have been told to wait for longer.
        lanesToWake.forEach(lane -> lane.closedUntil(now).ifPresent(time -> wakeUps.put(lane.key, time)));
        return lanesToWake;
    }

    Optional<Instant> nextRested() {
        return wakeUps.next();
    }
}
