package dev.postrider.relay.delivery;

import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rests organizations whose mail a server did not bear, so that the server goes on with that of others. Guarded by
 * {@link Turns}.
 */
final class Rests {
    private static final Logger LOG = LoggerFactory.getLogger(Rests.class);

    private final Agenda ends = new Agenda();
    private final Consumer<ResourceKey> rested;

    /** @param rested told of each organization that begins to rest */
    Rests(Consumer<ResourceKey> rested) {
        this.rested = rested;
    }

    /** A turn of its mail is over; says whether it rests from now on. */
    boolean after(Turn turn, Backlog backlog, Instant now) {
        if (turn.isAnswered()) {
            backlog.breaker().succeeded(turn.isProbe());
        } else if (turn.failure().isPresent()) {
            return failed(backlog, turn.isProbe(), turn.failure().get(), now);
        } else {
            backlog.breaker().abandoned(turn.isProbe());
        }
        return false;
    }

    private boolean failed(Backlog backlog, boolean probe, Verdict.Refused failure, Instant now) {
        CircuitBreaker breaker = backlog.breaker();
        boolean before = breaker.state(now) == CircuitBreaker.State.OPEN;
        breaker.failed(probe, failure, now);
        if (before || breaker.state(now) != CircuitBreaker.State.OPEN) {
            return false;
        }
        LOG.warn("mail of organization {} waits until {}, for it made its servers fail: {}", backlog.organization(),
                breaker.restsUntil(), failure.message());
        ends.put(backlog.organization(), breaker.restsUntil());
        rested.accept(backlog.organization());
        return true;
    }

    /** What an organization may do at a server was refused, so that its mail rests there. */
    void atServer(Backlog backlog, Instant now) {
        noteNext(backlog, now);
        rested.accept(backlog.organization());
    }

    /** Notes when the next rest of an organization at a server ends. */
    void noteNext(Backlog backlog, Instant now) {
        backlog.rests().next(now).ifPresent(end -> ends.put(backlog.organization(), end));
    }

    /** Organizations whose rest is over. */
    List<ResourceKey> takeEnded(Instant now) {
        return ends.takeDue(now);
    }

    /** When the next rest ends. */
    Optional<Instant> next() {
        return ends.next();
    }

    /** Organizations whose mail waits for servers that all rest, or rests itself, and why. */
    static Map<ResourceKey, List<Lanes.Resting>> of(Destinations destinations, Lanes lanes, Instant now) {
        Map<ResourceKey, List<Lanes.Resting>> resting = new HashMap<>();
        for (Pool pool : destinations.pools()) {
            if (!pool.waiting().isEmpty() && lanes.allRest(pool, Set.of(), now)) {
                List<Lanes.Resting> servers = lanes.resting(pool, now);
                pool.waiting().forEach(backlog -> resting.put(backlog.organization(), servers));
            }
        }
        for (Backlog backlog : destinations.backlogs()) {
            Pool pool = backlog.pool();
            if (pool != null && backlog.breaker().state(now) == CircuitBreaker.State.OPEN) {
                resting.put(backlog.organization(), pool.lanes()
                        .stream()
                        .flatMap(lane -> lane.route().stream())
                        .flatMap(server -> backlog.breaker()
                                .lastFailure()
                                .map(failure -> new Lanes.Resting(server, failure))
                                .stream())
                        .toList());
            }
        }
        return resting;
    }
}
