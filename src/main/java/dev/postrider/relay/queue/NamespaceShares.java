package dev.postrider.relay.queue;

import dev.postrider.relay.queue.SendingRates.Full;
import dev.postrider.relay.queue.SendingRates.Sharing;
import dev.postrider.route.RateLimits.Limit;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What namespaces had lately of the hours and days of a server that they share, and who of those that wait may have more.
 * Times are microseconds since 1970. Not safe for threads.
 */
final class NamespaceShares {
    private final Sharing sharing;
    private final Map<String, WindowCounts> had;

    /** @param had of all {@link #namespaces}; is changed */
    NamespaceShares(Sharing sharing, Map<String, WindowCounts> had) {
        this.sharing = sharing;
        this.had = had;
    }

    /** Those that are spoken of. */
    static Set<String> namespaces(Sharing sharing) {
        Set<String> all = new LinkedHashSet<>(sharing.owed().keySet());
        all.addAll(sharing.waiting());
        return all;
    }

    private WindowCounts of(String namespace) {
        return had.computeIfAbsent(namespace, _ -> new WindowCounts());
    }

    /** Takes up what they owe. */
    void settle(long now) {
        had.values().forEach(counts -> {
            counts.forgetOld(now);
            counts.moveFuture(now);
        });
        sharing.owed().forEach((namespace, units) -> {
            if (units > 0) {
                of(namespace).add(now, units);
            } else {
                of(namespace).takeBack(-units);
            }
        });
    }

    /**
     * Gives what there is to those that wait, in turn, one each, as long as they are within their shares.
     *
     * @param all  what was sent by all
     * @param room how much there is
     * @return whose each is; fewer where all have their shares
     */
    List<String> divide(List<Limit> limits, WindowCounts all, long room, long now) {
        List<String> given = new ArrayList<>();
        int before;
        do {
            before = given.size();
            for (String namespace : sharing.waiting()) {
                if (given.size() < room && limits.stream()
                        .allMatch(limit -> admits(limit, namespace,
                                all.sum(limit.period()) + given.size()))) {
                    given.add(namespace);
                    of(namespace).add(now, 1);
                }
            }
        } while (given.size() > before);
        return given;
    }

    private boolean admits(Limit limit, String namespace, long all) {
        return sharing.rule().admits(of(namespace).sum(limit.period()), all, limit.most());
    }

    /**
     * Those that wait, have nothing and may have none, and in how long they may.
     *
     * @param all what was sent by all, what was given now included
     */
    Map<String, Full> full(List<Limit> limits, WindowCounts all, List<String> given, long now) {
        Map<String, Full> full = new HashMap<>();
        for (String namespace : sharing.waiting()) {
            for (Limit limit : given.contains(namespace) ? List.<Limit>of() : limits) {
                if (!admits(limit, namespace, all.sum(limit.period()))) {
                    Duration after = Duration.of(all.wait(limit.period(), now, (left, gone) -> sharing.rule()
                            .admits(of(namespace).sumAfter(limit.period(), gone), left, limit.most())),
                            ChronoUnit.MICROS);
                    full.merge(namespace, new Full(after, limit),
                            (one, other) -> one.after().compareTo(other.after()) > 0 ? one : other);
                }
            }
        }
        return full;
    }
}
