package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.CircuitBreaker.State;
import dev.postrider.route.MailRest.End;
import dev.postrider.route.MailRest;
import dev.postrider.route.RelayRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What organizations are told of their own mail that rests while that of others goes on: of each the rest that weighs
 * most. That a server rests for everybody is told of the server.
 */
final class MailRests {
    /** Organizations that are told of at a time; namespaces take turns. */
    static final int MOST = 1000;

    private MailRests() {}

    static List<MailRest> of(Collection<Backlog> backlogs, Instant now) {
        Map<String, Deque<MailRest>> namespaces = new TreeMap<>();
        for (Backlog backlog : backlogs) {
            told(backlog, now).ifPresent(rest -> namespaces
                    .computeIfAbsent(rest.organization().namespace(), _ -> new ArrayDeque<>())
                    .add(rest));
        }
        List<MailRest> all = new ArrayList<>();
        while (!namespaces.isEmpty() && all.size() < MOST) {
            namespaces.values().stream().limit(MOST - all.size()).forEach(rests -> all.add(rests.remove()));
            namespaces.values().removeIf(Deque::isEmpty);
        }
        return all;
    }

    private static Optional<MailRest> told(Backlog backlog, Instant now) {
        Pool pool = backlog.pool();
        if (pool == null) {
            return Optional.empty();
        }
        Stream<MailRest> everywhere = backlog.breaker().isOpen()
                ? told(backlog, Optional.empty(), backlog.breaker(), now).stream()
                : Stream.empty();
        Stream<MailRest> somewhere = backlog.rests()
                .open()
                .entrySet()
                .stream()
                .filter(entry -> pool.lanes().stream().anyMatch(lane -> lane.key.equals(entry.getKey())))
                .flatMap(entry -> told(backlog, Optional.of(entry.getKey()), entry.getValue(), now).stream());
        return Stream.concat(everywhere, somewhere)
                .max(Comparator.<MailRest>comparingInt(RelayRest::weight)
                        .thenComparing(rest -> rest.until().orElse(Instant.MIN))
                        .thenComparing(rest -> rest.server().map(ResourceKey::toString).orElse("")));
    }

    /** Nothing of one that is over and has no mail to prove it. */
    private static Optional<MailRest> told(Backlog backlog, Optional<ResourceKey> server, CircuitBreaker breaker,
            Instant now) {
        boolean rests = breaker.state(now) == State.OPEN;
        if (!rests && backlog.isIdle()) {
            return Optional.empty();
        }
        boolean release = rests && breaker.rest().filter(rest -> rest.end().isEmpty()).isPresent();
        return Optional.of(new MailRest(backlog.organization(), backlog.uid(), server, breaker.since(),
                release ? End.RELEASE : End.TIME,
                Optional.of(breaker.restsUntil()).filter(_ -> rests && !release),
                breaker.lastFailure().flatMap(Verdict.Refused::replyClass),
                breaker.lastFailure().map(Verdict.Refused::message).orElse("")));
    }
}
