package dev.postrider.relay.delivery;

import dev.postrider.route.Preference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Which of several servers gets the next message, by priority and weight as SRV records have them (RFC 2782). The next
 * priority has its turn only while no server of the former ones takes mail; one that takes mail and has no room is
 * waited for. A server that has to prove itself gets the one message for that, though the others go past it. Not safe
 * for threads.
 *
 * @param <S> a server
 */
final class ServerChoice<S> {
    private final List<Level<S>> levels;

    /** What is known of servers at the moment of a choice. */
    interface Moment<S> {
        /** Whether it takes mail, though it may have no room: it neither rests nor has to prove itself. */
        boolean takesMail(S server);

        /** Whether it may have one more message now, be it to prove itself. */
        boolean hasRoom(S server);

        /** How many messages at a time it takes. */
        int limit(S server);

        /** Which of two with room is better, where all of their priority have the same weight. */
        boolean isBetter(S server, S other);
    }

    /** When a server gets mail. */
    @FunctionalInterface
    interface ToPreference<S> {
        Preference of(S server);
    }

    private static final class Share<S> {
        private final S server;
        private final int weight;
        /** By how much of a message it had less than its share. */
        private long credit;
        private int underWay;

        Share(S server, int weight) {
            this.server = server;
            this.weight = weight;
        }
    }

    /**
     * Servers of the same priority.
     *
     * @param equal whether all have the same weight, so that room alone decides
     */
    private record Level<S>(List<Share<S>> shares, boolean equal) {}

    ServerChoice(List<S> servers, ToPreference<S> preference) {
        Map<Integer, List<Share<S>>> byPriority = new TreeMap<>();
        for (S server : servers) {
            Preference own = preference.of(server);
            byPriority.computeIfAbsent(own.priority(), _ -> new ArrayList<>()).add(new Share<>(server, own.weight()));
        }
        this.levels = byPriority.values()
                .stream()
                .map(shares -> new Level<>(List.copyOf(shares),
                        shares.stream().mapToInt(share -> share.weight).distinct().count() == 1))
                .toList();
    }

    /**
     * Takes the server for the next message; {@link #over} gives it back.
     *
     * @param candidate whether it is not out of the question for this message
     */
    Optional<S> take(Predicate<S> candidate, Moment<S> now) {
        for (Level<S> level : levels) {
            List<Share<S>> shares = level.shares.stream().filter(share -> candidate.test(share.server)).toList();
            Optional<Share<S>> best = best(level, shares, now);
            if (best.isPresent()) {
                best.get().underWay++;
                return best.map(share -> share.server);
            }
            if (shares.stream().anyMatch(share -> now.takesMail(share.server))) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static <S> Optional<Share<S>> best(Level<S> level, List<Share<S>> shares, Moment<S> now) {
        List<Share<S>> free = shares.stream()
                .filter(share -> now.hasRoom(share.server) && isWithinShare(share, level, now))
                .toList();
        if (level.equal) {
            return free.stream().reduce((one, other) -> now.isBetter(other.server, one.server) ? other : one);
        }
        // Smooth weighted round robin, as nginx has it: no server gets its share in one go.
        long all = 0;
        Share<S> best = null;
        for (Share<S> share : free) {
            share.credit += share.weight;
            all += share.weight;
            if (best == null || share.credit > best.credit) {
                best = share;
            }
        }
        if (best != null) {
            best.credit -= all;
        }
        return Optional.ofNullable(best);
    }

    /** Else whoever is full would leave all that follows to the others, and weights meant nothing in a rush. */
    private static <S> boolean isWithinShare(Share<S> share, Level<S> level, Moment<S> now) {
        if (level.equal) {
            return true;
        }
        double perWeight = level.shares.stream()
                .filter(other -> now.takesMail(other.server))
                .mapToDouble(other -> (double) now.limit(other.server) / other.weight)
                .min()
                .orElse(Double.MAX_VALUE);
        return share.underWay < Math.max(1, Math.round(perWeight * share.weight));
    }

    /** A message that a server was taken for is done with. */
    void over(S server) {
        levels.forEach(level -> level.shares.stream()
                .filter(share -> share.server.equals(server))
                .forEach(share -> share.underWay--));
    }

    /** Whether there are servers of a former priority. */
    boolean isBackup(S server) {
        return levels.getFirst().shares.stream().noneMatch(share -> share.server.equals(server));
    }

    /** Whether the next message may go to this one, if that has room. */
    boolean mayTake(S server, Moment<S> now) {
        for (Level<S> level : levels) {
            Optional<Share<S>> share = level.shares.stream().filter(one -> one.server.equals(server)).findFirst();
            if (share.isPresent()) {
                return isWithinShare(share.get(), level, now);
            }
            if (level.shares.stream().anyMatch(one -> now.takesMail(one.server))) {
                return false;
            }
        }
        return false;
    }
}
