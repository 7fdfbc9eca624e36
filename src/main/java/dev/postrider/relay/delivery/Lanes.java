package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.reply.Reply;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RateLimits;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The places at all servers: which of an organization's is best for the next message. Guarded by {@link Turns}. */
final class Lanes {
    private static final Logger LOG = LoggerFactory.getLogger(Lanes.class);
    /** Once mail of so many namespaces was refused, or failed, with none taken in between, it is due to the server. */
    private static final int MOST_NAMESPACES = 3;
    /** After so many failures in a row mail of an organization rests. */
    private static final int MOST_OWN_FAILURES = 3;
    private static final Duration PERMIT_RETRY = Duration.ofMillis(200);
    /** How long no connection is opened to a server that has too many, unless one of them is done before. */
    private static final Duration CROWDED_PAUSE = Duration.ofSeconds(1);
    /** Nobody is woken more often for a server's rate. */
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(5);

    /**
     * A place at a server that was taken for one message.
     *
     * @param choice  by which the server was taken
     * @param permits how many connections may be open when one is opened for it
     * @param probe   whether it is the single one after a rest of the server
     * @param rests   of the organizations that it may be for
     * @param ownProbe whether it is the single one after a rest of the organization's mail there
     * @param number  of the attempt; later ones have higher numbers
     * @param taken   what it is of the rate of the server
     */
    record Place(Lane lane, ServerChoice<Lane> choice, ServerRoute server, String namespace, int permits,
            boolean probe, OwnRests rests, boolean ownProbe, long number, Allowance.Taken taken) {

        /** It is for a message to so many. */
        Place to(int recipients) {
            lane.allowance.charge(taken, recipients, server.endpoint().transactions(recipients));
            return this;
        }
    }

    /** How the servers are for mail of a pool at a time. */
    private record At(Pool pool, Instant now) implements ServerChoice.Moment<Lane> {
        @Override
        public boolean takesMail(Lane lane) {
            return lane.takesMail(pool.namespace(), now) && pool.rests().takesMail(lane.key, now);
        }

        @Override
        public boolean hasRoom(Lane lane) {
            return lane.admits(pool.namespace(), now) && pool.rests().admits(lane.key, now);
        }

        @Override
        public int limit(Lane lane) {
            return lane.most(now);
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
    private final Supplier<DeliverySettings> settings;
    private final RelayMeters meters;
    private final Map<ResourceKey, Lane> lanes = new HashMap<>();
    /** Of servers whose names others have now: what rests, fails or is connected there is not theirs. */
    private final List<Lane> former = new ArrayList<>();
    private final Agenda wakeUps = new Agenda();
    private long uses;

    Lanes(Routes routes, Upstreams upstreams, ConnectionPermits permits, Supplier<DeliverySettings> settings,
            RelayMeters meters) {
        this.routes = routes;
        this.upstreams = upstreams;
        this.permits = permits;
        this.settings = settings;
        this.meters = meters;
    }

    Lane of(ResourceKey server) {
        // Where its name has changed hands and that was not taken up yet.
        Optional.ofNullable(lanes.get(server)).filter(this::isFormer).ifPresent(_ -> lanes.remove(server));
        return lanes.computeIfAbsent(server, key -> new Lane(key, new Connections(upstreams, permits, settings),
                breaker(() -> settings.get().delivery().serverFailures()), current(key), routes::isShared));
    }

    /** One for mail of an organization. How soon a server rests for everybody says nothing of that. */
    CircuitBreaker newBreaker() {
        return breaker(() -> MOST_OWN_FAILURES);
    }

    private CircuitBreaker breaker(IntSupplier mostFailures) {
        return new CircuitBreaker(mostFailures, settings);
    }

    private Optional<ServerRoute> current(ResourceKey server) {
        return routes.server(server).filter(ServerRoute::active);
    }

    List<Lane> all() {
        return Stream.concat(lanes.values().stream(), former.stream()).toList();
    }

    RelayMeters meters() {
        return meters;
    }

    /**
     * Takes up the routes of these servers as they are now. Those that are declared otherwise, which it says, may take mail
     * again.
     */
    Set<ResourceKey> refresh(Set<ResourceKey> servers) {
        Set<ResourceKey> changed = new HashSet<>();
        for (ResourceKey server : servers) {
            Lane lane = lanes.get(server);
            if (lane != null) {
                Optional<ServerRoute> before = lane.route;
                if (isFormer(lane)) {
                    lanes.remove(server);
                }
                if (before.isPresent() && !(lanes.containsKey(server) && before.equals(lane.route))) {
                    changed.add(server);
                }
            }
        }
        return changed;
    }

    /** The keys of all. */
    Set<ResourceKey> keys() {
        return Set.copyOf(lanes.keySet());
    }

    /** Those of these servers, former ones of their names included. */
    List<Lane> of(Set<ResourceKey> servers) {
        return Stream.concat(servers.stream().map(lanes::get).filter(Objects::nonNull),
                former.stream().filter(lane -> servers.contains(lane.key))).toList();
    }

    private boolean isFormer(Lane lane) {
        Optional<ServerRoute> before = lane.route;
        if (lane.isSucceededBy(current(lane.key))) {
            return former.add(lane);
        }
        if (before.isPresent() && !before.equals(lane.route)) {
            lane.breaker.endRest();
        }
        return false;
    }

    private static void rest(Lane lane, boolean probe, Rest rest, Instant now) {
        lane.breaker.rest(probe, rest, now);
        lane.refusedFor.clear();
    }

    /** Forgets servers that are gone, unless they are among these or have attempts under way. */
    void retain(Set<Lane> needed) {
        Predicate<Lane> gone = lane -> lane.route.isEmpty() && lane.places.all() == 0 && !needed.contains(lane);
        lanes.values().removeIf(gone);
        former.removeIf(gone);
    }

    /** A connection was closed, so there may be a permit for another. */
    void connectionClosed(Lane lane) {
        lane.havePermits();
    }

    /**
     * Takes a place at the server that is next: the first priority that takes mail, in it by weight, and where all
     * weights are the same the one with the most room in proportion to its limit.
     *
     * @param pool  whose message it is for
     * @param tried servers that are out of the question
     */
    Optional<Place> enter(Pool pool, Set<ResourceKey> tried, Instant now) {
        return pool.choice().take(lane -> !tried.contains(lane.key), new At(pool, now)).map(best -> {
            best.places.take(pool.namespace(), 1);
            best.lastUse = ++uses;
            best.connections().keep(best.most(now));
            if (pool.choice().isBackup(best)) {
                meters.backup(best.key);
            }
            return new Place(best, pool.choice(), best.route.orElseThrow(), pool.namespace(),
                    best.permits(pool.namespace(), now), best.breaker.begin(), pool.rests(),
                    pool.rests().begin(best.key), best.lastUse, best.allowance.take(best.payer(pool.namespace())));
        });
    }

    /** Whether a pool's next message may go to one of its servers now. */
    static boolean mayEnter(Pool pool, Lane lane, Instant now) {
        return pool.choice().mayTake(lane, new At(pool, now));
    }

    /** Gives a place back of which nothing came. */
    void abandon(Place place) {
        place.choice.over(place.lane);
        place.lane.places.giveBack(place.namespace, 1);
        place.lane.breaker.abandoned(place.probe);
        place.rests.abandoned(place.lane.key, place.ownProbe);
        place.lane.allowance.giveBack(place.taken);
    }

    /**
     * What to ask for, so that a server may be sent more by its rate. Where something is to come by itself, it is woken
     * then.
     *
     * @param more namespaces that have mail for it and do not wait yet
     */
    Optional<Allowance.Wish> ask(Lane lane, List<String> more, Instant now) {
        Optional<Allowance.Wish> wish = lane.ask(more, now);
        if (wish.isEmpty()) {
            lane.allowance.nextShare(now).ifPresent(time -> wakeUps.put(lane.key, time));
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
        pause(place, place.permits < place.lane.most(now), now.plus(PERMIT_RETRY));
    }

    private void pause(Place place, boolean itsNamespace, Instant until) {
        if (itsNamespace) {
            place.lane.withoutPermit.put(place.namespace, until);
        } else {
            place.lane.withoutPermitUntil = until;
        }
        wakeUps.put(place.lane.key, until);
    }

    /**
     * Gives a place back after an attempt. What failed with the mail itself may be due to that mail: the server rests once
     * mail of three namespaces has failed so, however soon it rests for failures of its own, so that nobody alone keeps a
     * server from others. So does what concerns the account there: until mail of three namespaces was refused so, only the
     * organization's own mail rests at a server that is everybody's.
     *
     * @param own  servers at which the organization's mail rests
     * @param open connections to that server, of all relays
     * @return whether the server took mail before and does not any more, so that others are to be looked for
     */
    boolean leave(Place place, ResourceKey organization, OwnRests own, Optional<Verdict.Refused> failure, int open,
            Instant now) {
        Lane lane = place.lane;
        place.choice.over(lane);
        lane.places.giveBack(place.namespace, 1);
        lane.havePermits();
        State before = lane.breaker.state(now);
        Optional<Rest> rest = failure.flatMap(refused -> Rest.of(refused, now));
        if (failure.isEmpty()) {
            lane.failedBy.clear();
            lane.refusedFor.clear();
            lane.taken(place.namespace, now);
            lane.breaker.succeeded(place.probe);
            own.succeeded(lane.key, place.ownProbe);
        } else if (rest.isPresent()) {
            rest(place, own, rest.get(), now);
        } else if (Outcome.asksForFewerConnections(failure.get())) {
            narrow(place, own, failure.get(), open, now);
        } else {
            own.abandoned(lane.key, place.ownProbe);
            if (!Outcome.mayBeDueToMail(failure.get())) {
                lane.breaker.failed(place.probe, ofAnybody(lane, failure.get()), now);
            } else if (lane.failedBy.add(organization.namespace()) && lane.failedBy.size() >= MOST_NAMESPACES) {
                lane.breaker.failedForAll(place.probe, ofAnybody(lane, failure.get()), now);
            } else {
                lane.breaker.abandoned(place.probe);
            }
        }
        tell(lane, before, failure, now);
        if (own.isResting(lane.key, now)) {
            CircuitBreaker breaker = own.at(lane.key).orElseThrow();
            LOG.warn("mail of organization {} gets no place at server {} until {}: {}", organization, lane.key,
                    breaker.rest().map(Rest::shown).orElseGet(() -> breaker.restsUntil().toString()),
                    failure.map(Verdict.Refused::message).orElse(""));
        }
        return before == State.CLOSED && lane.breaker.state(now) != State.CLOSED;
    }

    private void tell(Lane lane, State before, Optional<Verdict.Refused> failure, Instant now) {
        State after = lane.breaker.state(now);
        if (after == State.OPEN && before != State.OPEN) {
            Instant until = lane.breaker.restsUntil();
            if (until.isBefore(Rest.UNTIL_RELEASED)) {
                wakeUps.put(lane.key, until);
            }
            meters.rests(lane.key, until);
            LOG.warn("{}: {}", lane.breaker.rest()
                    .map(rest -> rest.text(lane.key))
                    .orElse("server " + lane.key + " gets no mail until " + until),
                    failure.map(Verdict.Refused::message).orElse(""));
        } else if (after == State.CLOSED && before != State.CLOSED) {
            meters.rests(lane.key, now);
            LOG.info("server {} takes mail again", lane.key);
        }
    }

    /** The account of a server, or what an organization may do there, is refused. */
    private void rest(Place place, OwnRests own, Rest rest, Instant now) {
        Lane lane = place.lane;
        Verdict.Refused refused = rest.failure();
        if (lane.route.filter(server -> server.endpoint().wantsSubmitter()).isPresent()) {
            // It is the account of whoever submits: the message waits, and others go on.
            abandonProbes(place, own);
        } else if (Outcome.concernsSender(refused)) {
            // One mail of several may be from such a sender: the others are not kept from a server that takes them.
            lane.breaker.abandoned(place.probe);
            CircuitBreaker breaker = own.note(lane.key);
            breaker.failed(place.ownProbe, refused, now);
            if (breaker.isOpen()) {
                breaker.rest(place.ownProbe, rest, now);
            }
        } else if (rest.end().isEmpty()) {
            lane.breaker.abandoned(place.probe);
            own.note(lane.key).rest(place.ownProbe, rest, now);
        } else if (refused.inTransaction() && lane.isShared()) {
            own.note(lane.key).rest(place.ownProbe, rest, now);
            lane.refusedFor.add(place.namespace);
            if (lane.refusedFor.size() >= MOST_NAMESPACES) {
                rest(lane, place.probe,
                        new Rest(rest.until(), rest.shown(), rest.reason(), ofAnybody(lane, refused)), now);
            } else {
                lane.breaker.abandoned(place.probe);
            }
        } else {
            own.abandoned(lane.key, place.ownProbe);
            rest(lane, place.probe, rest, now);
        }
    }

    /**
     * Why a server fails that others get mail through too: they are told of it in reports, and must not read whom the mail
     * was for, which a server says in its replies.
     */
    private static Verdict.Refused ofAnybody(Lane lane, Verdict.Refused failure) {
        if (!failure.inTransaction() || !lane.isShared() || failure.reply().isEmpty()) {
            return failure;
        }
        Reply reply = failure.reply().get();
        String codes = reply.code() + reply.enhanced().map(status -> " " + status).orElse("");
        return new Verdict.Refused(failure.step(), failure.permanent(),
                Optional.of(new Reply(reply.code(), reply.enhanced(), codes)),
                "%s: server %s takes no mail for now: %s".formatted(failure.step(), lane.key, codes),
                failure.retryAfter(), failure.status(), true, failure.meaning());
    }

    private static void abandonProbes(Place place, OwnRests own) {
        own.abandoned(place.lane.key, place.ownProbe);
        place.lane.breaker.abandoned(place.probe);
    }

    /** Too many connections are open: fewer from now on, and where there is only one the server, or this mail, fails. */
    private void narrow(Place place, OwnRests own, Verdict.Refused refused, int open, Instant now) {
        Lane lane = place.lane;
        boolean itsNamespace = refused.inTransaction() && lane.isShared();
        int before = lane.most(now);
        meters.fewerConnections(lane.key);
        if (lane.narrow(place, refused.inTransaction(), open, now)) {
            abandonProbes(place, own);
            lane.connections().keep(lane.most(now));
            if (lane.most(now) < before) {
                LOG.info("server {} gets at most {} connections for now: {}", lane.key, lane.most(now),
                        refused.message());
            }
        } else if (itsNamespace) {
            lane.breaker.abandoned(place.probe);
            own.note(lane.key).failed(place.ownProbe, refused, now);
        } else {
            own.abandoned(lane.key, place.ownProbe);
            lane.breaker.failed(place.probe, refused, now);
        }
        pause(place, itsNamespace, now.plus(CROWDED_PAUSE));
        wakeUps.put(lane.key, now.plus(CROWDED_PAUSE));
    }

    /** Whether all servers of these organizations rest, those aside, or are not there. */
    boolean allRest(Pool pool, Set<ResourceKey> tried, Instant now) {
        for (Lane lane : pool.lanes()) {
            if (!tried.contains(lane.key) && lane.route.isPresent() && !lane.isClosedForLong(pool.namespace(), now)
                    && !pool.rests().isResting(lane.key, now)) {
                return false;
            }
        }
        return true;
    }

    /** Those that take no mail now, or have yet to prove that they do; also those that are over their rates for long. */
    List<ServerRest> rests(Instant now) {
        return lanes.values()
                .stream()
                .filter(lane -> lane.route.isPresent())
                .flatMap(lane -> (lane.breaker.isOpen()
                        ? Optional.of(new ServerRest(lane.key, lane.breaker.since(),
                                lane.breaker.rest().map(rest -> rest.words() + "; ").orElse("")
                                        + lane.breaker.lastFailure().map(Verdict.Refused::message).orElse("")))
                        : overRate(lane, now)).stream())
                .toList();
    }

    private static Optional<ServerRest> overRate(Lane lane, Instant now) {
        return lane.overRateForLong(now)
                .flatMap(until -> lane.allowance.waitsFor()
                        .map(limit -> new ServerRest(lane.key, lane.allowance.overSince(), "until %s: %s"
                                .formatted(until.truncatedTo(ChronoUnit.SECONDS), limit.text()), true)));
    }

    /** Servers of these organizations that rest. */
    List<Resting> resting(Pool pool, Instant now) {
        List<Resting> resting = new ArrayList<>();
        for (Lane lane : pool.lanes()) {
            lane.route.flatMap(server -> why(lane, pool, now).map(failure -> new Resting(server, failure)))
                    .ifPresent(resting::add);
        }
        return resting;
    }

    private static Optional<Verdict.Refused> why(Lane lane, Pool pool, Instant now) {
        OwnRests own = pool.rests();
        CircuitBreaker breaker = own.isResting(lane.key, now) ? own.note(lane.key) : lane.breaker;
        if (breaker.state(now) == State.OPEN) {
            return breaker.lastFailure();
        }
        // RFC 3463, X.4.5: the system was not able to deliver in time, for there is too much mail.
        return lane.isClosedForLong(pool.namespace(), now)
                ? lane.fullOf(pool.namespace(), now)
                        .map(full -> hasItsShare(pool.namespace(), lane, full))
                        .or(() -> lane.allowance.waitsFor().map(limit -> waitsForRate(lane, limit)))
                        .map(text -> new Verdict.Refused(Step.MessageRejected, false, "4.4.5", text))
                : Optional.empty();
    }

    private static String waitsForRate(Lane lane, RateLimits.Limit limit) {
        return "waits for the rate of server %s: %s".formatted(lane.key, limit.text());
    }

    private static String hasItsShare(String namespace, Lane lane, Allowance.Full full) {
        return "namespace %s has its share of the rate of server %s: %s".formatted(namespace, lane.key,
                full.limit().text());
    }

    /**
     * Why none of these lets in a message that is due, if that is so.
     *
     * @param namespace of its organization
     * @param own       servers at which the organization's mail rests
     * @param due       when it is
     */
    Optional<Waiting.Reason> closed(List<ServerRoute> servers, String namespace, OwnRests own, Instant due,
            Instant now) {
        Map<Waiting.Reason, Instant> rest = new LinkedHashMap<>();
        List<ServerRoute> full = new ArrayList<>();
        for (ServerRoute server : inReach(servers, namespace, own, now)) {
            Lane lane = lanes.get(server.key());
            if (lane == null) {
                return Optional.empty();
            }
            CircuitBreaker breaker = own.isResting(lane.key, now) ? own.note(lane.key) : lane.breaker;
            if (breaker.state(now) == State.OPEN) {
                rest.put(rests(server, breaker), breaker.restsUntil());
            } else if (lane.fullOf(namespace, now).isPresent()) {
                Allowance.Full share = lane.fullOf(namespace, now).get();
                rest.put(new Waiting.Reason(hasItsShare(namespace, lane, share), Optional.of(share.until())),
                        share.until());
            } else if (lane.allowance.available(lane.payer(namespace), now) == 0) {
                Instant until = lane.overRateUntil(now).orElse(now);
                rest.put(new Waiting.Reason(lane.allowance.waitsFor()
                        .map(limit -> waitsForRate(lane, limit))
                        .orElseGet(() -> "waits for the rate of server " + lane.key), Optional.of(until)), until);
            } else if (!lane.admits(namespace, now) || !own.admits(lane.key, now)) {
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
                        .map(Map.Entry::getKey)
                : Optional.of(full.getFirst())
                        .filter(_ -> !due.isAfter(now))
                        .map(server -> isFull(server, namespace, now));
    }

    /** Those that mail may go to: of the first priority that takes mail, and of those before it. */
    private List<ServerRoute> inReach(List<ServerRoute> servers, String namespace, OwnRests own, Instant now) {
        int last = servers.stream()
                .filter(server -> Optional.ofNullable(lanes.get(server.key()))
                        .filter(lane -> lane.takesMail(namespace, now) && own.takesMail(lane.key, now))
                        .isPresent())
                .mapToInt(server -> server.preference().priority())
                .min()
                .orElse(Integer.MAX_VALUE);
        return servers.stream().filter(server -> server.preference().priority() <= last).toList();
    }

    private static Waiting.Reason rests(ServerRoute server, CircuitBreaker breaker) {
        return breaker.rest()
                .map(rest -> new Waiting.Reason(rest.text(server.key()), rest.end()))
                .orElseGet(() -> new Waiting.Reason("server %s gets no mail for a while, since attempts failed%s"
                        .formatted(server.key(), breaker.lastFailure()
                                .map(failure -> Outcome.asksForFewerConnections(failure)
                                        ? " (too many connections)"
                                        : " (" + failure.step() + ")")
                                .orElse("")),
                        Optional.of(breaker.restsUntil())));
    }

    private Waiting.Reason isFull(ServerRoute server, String namespace, Instant now) {
        Lane lane = of(server.key());
        if (lane.isNarrow(namespace, now) && lane.breaker.state(now) == State.CLOSED) {
            return new Waiting.Reason(
                    "server %s gets at most %d connections for now, since it said that more are too many (maxConnections: %d)"
                            .formatted(server.key(), lane.most(now), server.endpoint().maxConnections()));
        }
        if (lane.hasItsPlaces(namespace, now)) {
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
