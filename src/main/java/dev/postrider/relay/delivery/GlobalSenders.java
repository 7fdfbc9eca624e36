package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import java.util.Optional;

/**
 * Says whose mail may leave through global servers, which all organizations share. Asked when it is about to: where an
 * organization's mail goes may have changed since it was accepted.
 */
@FunctionalInterface
public interface GlobalSenders {
    /** Everybody's. */
    GlobalSenders ANYBODY = _ -> Optional.empty();

    /** Why a message may not, and what to do; empty if it may. */
    Optional<String> refusal(QueuedMessage message);
}
