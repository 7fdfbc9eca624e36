package dev.postrider.relay.queue;

import dev.postrider.route.RateLimits;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what is sent to a server within its rates, over all relays that share the queue and over restarts. Safe for many
 * threads; blocks until what is taken is on disk. What a relay took and did not use is lost, or counts as used: so a
 * relay that dies never leads to more than the limit.
 */
public interface SendingRates {

    /**
     * Takes the right to send some.
     *
     * @param most    how much, at least 1
     * @param owed    what was sent beyond what had been taken; less than nothing for what was taken and not sent
     * @param sharing whose mail it is for, where namespaces share the hours and days of the server; else it is for
     *                anybody's
     */
    Grant take(ResourceKey server, RateLimits limits, int most, int owed, Optional<Sharing> sharing)
            throws QueueException;

    /** Takes the right to send some, of anybody's mail. */
    default Grant take(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException {
        return take(server, limits, most, owed, Optional.empty());
    }

    /** How much of something one of several may have. */
    @FunctionalInterface
    interface Share {
        /**
         * Whether it may have one more.
         *
         * @param mine what it has
         * @param all  what all have
         */
        boolean admits(long mine, long all, long limit);
    }

    /**
     * Who shares the hours and days of a server. What a namespace had lately counts for its share, whichever relay sent it.
     *
     * @param waiting namespaces that have mail for it, in the order of their turns
     * @param owed    what is owed of each, see {@link #take}; the sum of all is what is owed there
     * @param rule    what each may have in an hour and a day
     */
    record Sharing(List<String> waiting, Map<String, Integer> owed, Share rule) {}

    /**
     * What may be sent.
     *
     * @param units    how much; may be 0
     * @param first    in how long from the answer on the first may be sent; where nothing may, in how long to ask again
     * @param interval between one and the next
     * @param limit    the limit that the rest waits for
     * @param to       the namespace that each of the units is for; empty where they are for anybody
     * @param full     namespaces that have their share, of those that wait and got nothing
     */
    record Grant(int units, Duration first, Duration interval, Optional<RateLimits.Limit> limit, List<String> to,
            Map<String, Full> full) {
        /** Of what is for anybody. */
        public Grant(int units, Duration first, Duration interval, Optional<RateLimits.Limit> limit) {
            this(units, first, interval, limit, List.of(), Map.of());
        }
    }

    /**
     * That a namespace has its share.
     *
     * @param after in how long it may have more, if nobody sends anything in that time
     * @param limit of which it has its share
     */
    record Full(Duration after, RateLimits.Limit limit) {}
}
