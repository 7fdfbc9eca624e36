package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.ResourceKey;
import java.util.List;

/** What takes time; begun by {@link Turns}, while its lock is held, and done elsewhere. */
interface Work {
    void deliver(Turn turn);

    void read(ResourceKey organization, boolean urgent, int most);

    /** Asks how much of its rate a server may be sent, and tells {@link Turns#tookOfRate}. */
    void takeOfRate(Lane lane, Allowance.Wish wish);

    void release(List<QueuedMessage> messages);

    /** Of an organization that is deleted with its mail, or is unknown. */
    void remove(ResourceKey organization);

    /** A time was set that is earlier than all others. */
    void timeChanged();
}
