package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The servers at which one organization's mail rests, while they go on with that of others. Guarded by {@link Turns}.
 */
final class OwnRests {
    private final Map<ResourceKey, CircuitBreaker> breakers = new HashMap<>();
    private final Supplier<CircuitBreaker> closed;

    /** @param closed makes a breaker */
    OwnRests(Supplier<CircuitBreaker> closed) {
        this.closed = closed;
    }

    /** Whether nothing is noted of any server. */
    boolean isEmpty() {
        return breakers.isEmpty();
    }

    /** Nothing rests any more. */
    void forget() {
        breakers.clear();
    }

    /** The servers at which mail rests, or has to be tried with one message first. */
    Map<ResourceKey, CircuitBreaker> open() {
        Map<ResourceKey, CircuitBreaker> open = new HashMap<>(breakers);
        open.values().removeIf(breaker -> !breaker.isOpen());
        return open;
    }

    /** The breaker of a server; noted from now on. */
    CircuitBreaker note(ResourceKey server) {
        return breakers.computeIfAbsent(server, _ -> closed.get());
    }

    Optional<CircuitBreaker> at(ResourceKey server) {
        return Optional.ofNullable(breakers.get(server));
    }

    /** Whether an attempt at a server may begin now. */
    boolean admits(ResourceKey server, Instant now) {
        CircuitBreaker breaker = breakers.get(server);
        return breaker == null || breaker.admits(now);
    }

    /** Whether mail goes to a server as usual: it neither rests there nor has to be tried with one message first. */
    boolean takesMail(ResourceKey server, Instant now) {
        CircuitBreaker breaker = breakers.get(server);
        return breaker == null || breaker.state(now) == State.CLOSED;
    }

    /** An attempt at a server begins; says whether it is the single one after a rest. */
    boolean begin(ResourceKey server) {
        CircuitBreaker breaker = breakers.get(server);
        return breaker != null && breaker.begin();
    }

    void abandoned(ResourceKey server, boolean probe) {
        at(server).ifPresent(breaker -> breaker.abandoned(probe));
    }

    /** The server took a message, or refused it for what it is. */
    void succeeded(ResourceKey server, boolean probe) {
        at(server).ifPresent(breaker -> {
            breaker.succeeded(probe);
            if (!breaker.isOpen()) {
                breakers.remove(server);
            }
        });
    }

    boolean isResting(ResourceKey server, Instant now) {
        CircuitBreaker breaker = breakers.get(server);
        return breaker != null && breaker.state(now) == State.OPEN;
    }

    /** A person wants it: each is tried with one message. */
    void endAll() {
        breakers.values().forEach(CircuitBreaker::halfOpen);
    }

    /** The same at servers that are declared otherwise; says whether it rested at one. */
    boolean endAt(Set<ResourceKey> servers) {
        List<CircuitBreaker> some = breakers.entrySet()
                .stream()
                .filter(entry -> servers.contains(entry.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        some.forEach(CircuitBreaker::endRest);
        return !some.isEmpty();
    }

    /** When the next rest ends by itself. */
    Optional<Instant> next(Instant now) {
        return breakers.values()
                .stream()
                .filter(breaker -> breaker.state(now) == State.OPEN)
                .map(CircuitBreaker::restsUntil)
                .filter(until -> until.isBefore(Rest.UNTIL_RELEASED))
                .min(Instant::compareTo);
    }
}
