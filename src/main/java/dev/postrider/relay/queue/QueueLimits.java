package dev.postrider.relay.queue;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.Sizes;

/**
 * How much may be queued. What is there stays; more is refused until there is room. With several replicas each counts
 * the others' mail a few seconds late, and the limits may be passed by what comes in meanwhile.
 *
 * @param total        of all organizations
 * @param organization of each of them
 */
public record QueueLimits(Usage total, Usage organization) {
    public static final QueueLimits DEFAULT = of(RelayConfiguration.DEFAULT.queue());

    /** As a configuration has them. */
    public static QueueLimits of(RelayConfiguration.Queue queue) {
        return new QueueLimits(usage(queue.limits()), usage(queue.organizationLimits()));
    }

    private static Usage usage(RelayConfiguration.Limits limits) {
        return new Usage(limits.messages(), Sizes.read(limits.size()));
    }
}
