package dev.postrider.relay.queue;

/**
 * How much may be queued. What is there stays; more is refused until there is room. With several replicas each counts
 * the others' mail a few seconds late, and the limits may be passed by what comes in meanwhile.
 *
 * @param total        of all organizations
 * @param organization of each of them
 */
public record QueueLimits(Usage total, Usage organization) {
    /** 2,000,000 messages and 50 GiB in total, 500,000 messages and 10 GiB for an organization. */
    public static final QueueLimits DEFAULT = new QueueLimits(new Usage(2_000_000, 50L << 30),
            new Usage(500_000, 10L << 30));
}
