package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The mail of one organization that is due: what of it is in memory, and whether there is more in the queue. Guarded by
 * {@link Turns}.
 */
final class Backlog {

    /**
     * A message that this relay has claimed.
     *
     * @param held octets that it takes of the memory for messages that came just now
     */
    record Claimed(QueuedMessage message, long held) {}

    /** What of it that is due is in the queue only. */
    static final class Unread {
        private boolean inQueue;
        private boolean reading;

        /** Whether there may be any. */
        boolean isInQueue() {
            return inQueue;
        }

        void inQueue(boolean now) {
            inQueue = now;
        }

        /** Whether it is being read, or is about to. */
        boolean isReading() {
            return reading;
        }

        void reading(boolean now) {
            reading = now;
        }
    }

    private final ResourceKey organization;
    private final ClassOrder messages = new ClassOrder();
    private final Unread urgent = new Unread();
    private final Unread all = new Unread();
    private final CircuitBreaker breaker;
    private final OwnRests rests;
    private @Nullable Pool pool;
    /** Of the OrganizationMailSettings that it is of, once it is known. */
    private Optional<String> uid = Optional.empty();
    private boolean listed;
    private long held;

    Backlog(ResourceKey organization, CircuitBreaker breaker, OwnRests rests) {
        this.rests = rests;
        this.organization = organization;
        this.breaker = breaker;
    }

    ResourceKey organization() {
        return organization;
    }

    /** Rests it when its mail makes servers fail. */
    CircuitBreaker breaker() {
        return breaker;
    }

    /** Servers at which its mail rests. */
    OwnRests rests() {
        return rests;
    }

    /** Whose it is, as far as that is known. */
    Optional<String> uid() {
        return uid;
    }

    /** Takes up whose it is now: where the name is another's, what rests of the former owner's mail is not theirs. */
    void of(Optional<String> owner) {
        if (uid.isPresent() && owner.isPresent() && !uid.equals(owner)) {
            rests.forget();
            breaker.close();
        }
        uid = owner.or(() -> uid);
    }

    /** Whether a message with this owner is of it; empty if that is not known. */
    boolean owns(String owner) {
        return owner.isEmpty() || uid.isEmpty() || uid.get().equals(owner);
    }

    /** Where its mail goes; null if nowhere. */
    @Nullable
    Pool pool() {
        return pool;
    }

    void pool(@Nullable Pool next) {
        pool = next;
    }

    /** What is in memory and has no place yet. */
    ClassOrder messages() {
        return messages;
    }

    boolean hasMail() {
        return !messages.isEmpty() || all.inQueue || urgent.inQueue;
    }

    /** Whether nothing of it is in memory, under way or due. */
    boolean isIdle() {
        return !all.inQueue && !all.reading && !urgent.inQueue && !urgent.reading && messages.isEmpty()
                && held == 0;
    }

    /** Takes out all that is in memory; that is in the queue only from now on. */
    List<Claimed> takeAll() {
        List<Claimed> taken = new ArrayList<>();
        messages.forEach(taken::add);
        all.inQueue |= !taken.isEmpty();
        urgent.inQueue |= messages.size(true) > 0;
        messages.clear();
        return taken;
    }

    /** What is in the queue only: of urgent classes alone, which is read apart, or of all. */
    Unread unread(boolean urgentOnly) {
        return urgentOnly ? urgent : all;
    }

    /** Whether it waits for a turn in its pool. */
    boolean isListed() {
        return listed;
    }

    void listed(boolean now) {
        listed = now;
    }

    /** Octets that it holds in memory, those of attempts under way included. */
    long held() {
        return held;
    }

    void hold(long more) {
        held += more;
    }
}
