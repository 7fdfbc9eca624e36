package dev.postrider.relay.delivery;

import dev.postrider.relay.links.Links;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.SizeLimit;
import dev.postrider.transport.Oversize;
import dev.postrider.transport.Shrinking;
import dev.postrider.transport.Splitting;
import java.util.Optional;

/**
 * What may be done with one message if it is too large, for as long as it is delivered.
 *
 * @param made what is made of it, to be cleaned up
 */
record LargeMail(Optional<Oversize> oversize, Optional<LinkedMessage> made) implements AutoCloseable {

    /**
     * As the organization's limits say.
     *
     * @param links empty where the relay serves no downloads
     */
    static LargeMail of(QueuedMessage message, Optional<SizeLimit> limit, Optional<Links> links, String hostName) {
        if (limit.isEmpty()) {
            return new LargeMail(Optional.empty(), Optional.empty());
        }
        return switch (limit.get().whenTooLarge()) {
            case REJECT -> new LargeMail(Optional.empty(), Optional.empty());
            case SPLIT -> new LargeMail(
                    Optional.of(new Splitting(limit.get().octets(), message.id() + "@" + hostName)), Optional.empty());
            case LINK -> {
                Optional<LinkedMessage> linked = limit.get()
                        .linking()
                        .map(linking -> new LinkedMessage(message, linking, links));
                yield new LargeMail(linked.map(shrinker -> new Shrinking(limit.get().octets(), shrinker)), linked);
            }
        };
    }

    @Override
    public void close() {
        made.ifPresent(LinkedMessage::close);
    }
}
