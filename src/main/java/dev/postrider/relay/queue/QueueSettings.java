package dev.postrider.relay.queue;

import java.time.Duration;
import java.util.Optional;

/**
 * Where the queue is and how much it takes.
 *
 * @param postgres where it is shared by several relays; without it, it is a file in the relay's directory
 * @param lease    for how long a relay that is not heard of keeps the messages and permits that it holds; at least 1 s
 */
public record QueueSettings(Optional<PostgresLocation> postgres, QueueLimits limits, Duration lease) {
    /** 15 seconds. */
    public static final Duration LEASE = Duration.ofSeconds(15);

    /** A file with the default limits. */
    public static final QueueSettings DEFAULT = new QueueSettings(Optional.empty(), QueueLimits.DEFAULT, LEASE);
}
