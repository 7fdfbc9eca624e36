package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What people see of the queue, and do with it. Never the content of a message. Safe for many threads. */
public interface QueueView {

    /** Where a message is. */
    enum State {
        /** Not tried yet. */
        QUEUED,
        /** In the relay's hands: an attempt is under way or about to start. */
        ACTIVE,
        /** Tried, and to be tried again. */
        DEFERRED,
        /** Kept back until somebody releases it. */
        HELD
    }

    /**
     * A message.
     *
     * @param sender     empty for the null sender
     * @param size       octets
     * @param ofSubmitter whether it goes with the login of whoever submitted it
     */
    record Entry(String id, ResourceKey organization, String sender, long size, Instant received, State state,
            boolean ofSubmitter, List<Recipient> recipients) {}

    /**
     * A recipient that it is not delivered to.
     *
     * @param next      empty while it is held
     * @param server    where it was tried last
     * @param lastReply what that answered, or what went wrong
     */
    record Recipient(String address, int attempts, Optional<Instant> last, Optional<Instant> next,
            Optional<String> server, Optional<String> lastReply) {}

    /**
     * Which messages are meant; those for which all that is given holds.
     *
     * @param server    where a recipient was tried last, as shown in {@link Recipient#server}
     * @param recipient an address, compared without regard to case
     */
    record Filter(Optional<ResourceKey> organization, Optional<String> server, Optional<String> recipient,
            Optional<State> state) {
        public static final Filter ALL = new Filter(Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty());
    }

    /**
     * Lists messages by organization and id.
     *
     * @param after only those that come after this one
     * @param most  at most so many, 1 to 1,000
     */
    List<Entry> list(Filter filter, Optional<Position> after, int most) throws QueueException;

    /** A place in the list. */
    record Position(ResourceKey organization, String id) {}

    /** A message by its queue id. */
    Optional<Entry> find(String id) throws QueueException;

    /**
     * Does something to messages, in batches; others may see it half done.
     *
     * @param most at most so many messages, if given
     * @return how many it was done to
     */
    int change(Change change, Filter filter, OptionalInt most) throws QueueException;

    /** Does something to a message; says whether it is in the queue and in a state that allows it. */
    boolean change(Change change, String id) throws QueueException;

    /** What can be done to a message. */
    enum Change {
        /** Try it now, unless it is held or active. */
        RETRY,
        /** Keep it back; an attempt under way goes on. */
        HOLD,
        /** Let it go again, at once. */
        RELEASE,
        /** Throw it away without a report to its sender, unless it is active. */
        REMOVE,
        /** Give what a former owner of a name left to whoever has the name now, see {@link FormerOwner}. */
        ADOPT
    }
}
