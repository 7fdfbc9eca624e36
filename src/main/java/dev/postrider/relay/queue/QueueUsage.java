package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is queued, and keeps it within the limits. Safe for many threads. */
final class QueueUsage {
    private final QueueLimits limits;
    private final Map<ResourceKey, Usage> organizations = new ConcurrentHashMap<>();
    private final AtomicLong totalMessages = new AtomicLong();
    private final AtomicLong totalOctets = new AtomicLong();

    QueueUsage(QueueLimits limits) {
        this.limits = limits;
    }

    Usage total() {
        return new Usage(totalMessages.get(), totalOctets.get()).orNothing();
    }

    Map<ResourceKey, Usage> all() {
        return Map.copyOf(organizations);
    }

    Usage of(ResourceKey organization) {
        return organizations.getOrDefault(organization, Usage.NONE).orNothing();
    }

    /** Begins anew with what was counted. What is added meanwhile may be missed. */
    void replace(Map<ResourceKey, Usage> counted) {
        organizations.keySet().retainAll(counted.keySet());
        organizations.putAll(counted);
        totalMessages.set(counted.values().stream().mapToLong(Usage::messages).sum());
        totalOctets.set(counted.values().stream().mapToLong(Usage::octets).sum());
    }

    /** Adds to what is queued, or takes away from it. */
    void add(ResourceKey organization, long messages, long octets) {
        totalMessages.addAndGet(messages);
        totalOctets.addAndGet(octets);
        organizations.merge(organization, new Usage(messages, octets), (usage, more) -> {
            Usage sum = usage.plus(more.messages(), more.octets());
            return sum.equals(Usage.NONE) ? null : sum;
        });
    }

    /**
     * Adds a message if it may be added.
     *
     * @throws QueueException.OverLimit if not; then nothing is added
     */
    void reserve(ResourceKey organization, long octets) throws QueueException.OverLimit {
        add(organization, 1, octets);
        try {
            check(organization, 0);
        } catch (QueueException.OverLimit e) {
            add(organization, -1, -octets);
            throw e;
        }
    }

    /**
     * Checks what is queued and this much more against the limits.
     *
     * @throws QueueException.OverLimit if it is too much
     */
    void check(ResourceKey organization, long octets) throws QueueException.OverLimit {
        check("the queue", total().plus(0, octets), limits.total());
        check("the queue of organization " + organization, of(organization).plus(0, octets), limits.organization());
    }

    private static void check(String what, Usage usage, Usage limit) throws QueueException.OverLimit {
        if (usage.messages() > limit.messages()) {
            throw new QueueException.OverLimit(what + " has its limit of " + limit.messages() + " messages");
        }
        if (usage.octets() > limit.octets()) {
            throw new QueueException.OverLimit(what + " has its limit of " + limit.octets() + " octets");
        }
    }
}
