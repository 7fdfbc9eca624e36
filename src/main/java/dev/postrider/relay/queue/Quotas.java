package dev.postrider.relay.queue;

import dev.postrider.route.Quota;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/**
 * Counts what organizations submit by the hour, the day and the month, over all relays that share the queue and over
 * restarts. Safe for many threads; blocks until what is counted is on disk.
 */
public interface Quotas {
    /** Mail is held for so long at most; what would have to wait for longer is refused. */
    Duration LONGEST_HOLD = Duration.ofDays(3);

    /**
     * Counts a message, unless it is too much.
     *
     * @param zone whose days and months count
     */
    Answer take(ResourceKey organization, Quota quota, ZoneId zone, int units) throws QueueException;

    /** Counts a message no more: it was not queued. */
    void giveBack(ResourceKey organization, Quota quota, ZoneId zone, Taken taken) throws QueueException;

    /**
     * Takes up what an organization's limits are now: what waits for the former is due by the new ones. Does nothing where
     * they are the same.
     */
    void changed(ResourceKey organization, Optional<Quota> quota, ZoneId zone) throws QueueException;

    /** How much of each limit is used up in the present hour, day and month. */
    List<Use> used(ResourceKey organization, Quota quota, ZoneId zone) throws QueueException;

    /**
     * A limit and how much of it is used up.
     *
     * @param until when the period ends
     */
    record Use(Quota.Limit limit, long used, Instant until) {
        /** The part of the limit from which on people are told. */
        public static final int NEARLY_PERCENT = 80;

        /** 80 or 100 if so much, in percent, is used up, and else 0. */
        public int level() {
            return used >= limit.most() ? 100 : used * 100 >= (long) limit.most() * NEARLY_PERCENT ? NEARLY_PERCENT : 0;
        }
    }

    /** What became of a message. */
    sealed interface Answer permits Taken, Exceeded {}

    /**
     * It is counted.
     *
     * @param due     when it may be delivered: when it was counted, or when a later period begins
     * @param held    whether it is the latter
     * @param reached limits of which a level, see {@link Use#level}, is reached by this message
     */
    record Taken(Instant due, boolean held, int units, List<Use> reached) implements Answer {}

    /**
     * It is too much.
     *
     * @param until when there is room; empty if there never is for so many recipients at once
     */
    record Exceeded(Quota.Limit limit, Optional<Instant> until) implements Answer {}
}
