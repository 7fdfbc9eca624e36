package dev.postrider.relay.queue;

import dev.postrider.route.RateLimits;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
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
     * @param most how much, at least 1
     * @param owed what was sent beyond what had been taken; less than nothing for what was taken and not sent
     */
    Grant take(ResourceKey server, RateLimits limits, int most, int owed) throws QueueException;

    /**
     * What may be sent.
     *
     * @param units    how much; may be 0
     * @param first    in how long from the answer on the first may be sent; where nothing may, in how long to ask again
     * @param interval between one and the next
     * @param limit    the limit that the rest waits for
     */
    record Grant(int units, Duration first, Duration interval, Optional<RateLimits.Limit> limit) {}
}
