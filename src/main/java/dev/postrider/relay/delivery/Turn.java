package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Lanes.Place;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Verdict;
import java.util.Optional;
import java.util.Set;

/**
 * A message whose turn it is, and the place that was taken for it. It ends once, when it is closed: the place is given
 * back if that was not done before, and the message is forgotten unless it was put back. Safe for many threads.
 */
final class Turn implements AutoCloseable {
    private final Turns turns;
    private final Backlog.Claimed claimed;
    private final Pool pool;
    private final Visit first;
    private final boolean probe;
    // Guarded by turns, as what visits note.
    private boolean answered;
    private Optional<Verdict.Refused> failure = Optional.empty();
    private boolean over;

    /** @param probe whether it is the single one that an organization which rested has now */
    Turn(Turns turns, Backlog.Claimed claimed, Pool pool, Place place, boolean probe) {
        this.turns = turns;
        this.claimed = claimed;
        this.pool = pool;
        this.first = new Visit(turns, this, place);
        this.probe = probe;
    }

    QueuedMessage message() {
        return claimed.message();
    }

    Backlog.Claimed claimed() {
        return claimed;
    }

    Pool pool() {
        return pool;
    }

    boolean isProbe() {
        return probe;
    }

    /** The place that was taken first. */
    Visit first() {
        return first;
    }

    /** A place at another server of the pool. */
    Optional<Visit> another(Set<ResourceKey> tried) {
        return turns.another(this, tried).map(place -> new Visit(turns, this, place));
    }

    /** Notes what came of a visit. */
    void noteOutcome(Optional<Verdict.Refused> refused) {
        answered |= refused.isEmpty();
        failure = refused.filter(Outcome::mayBeDueToMail).or(() -> failure);
    }

    /** Whether a server said something to the message itself. */
    boolean isAnswered() {
        return answered;
    }

    /** What a server did that may be due to the message. */
    Optional<Verdict.Refused> failure() {
        return failure;
    }

    /** The message was not tried and is first again. */
    void putBack() {
        first.close();
        synchronized (turns) {
            if (!over) {
                over = true;
                turns.putBack(this);
            }
        }
    }

    @Override
    public void close() {
        first.close();
        synchronized (turns) {
            if (!over) {
                over = true;
                turns.forget(this);
            }
        }
    }
}
