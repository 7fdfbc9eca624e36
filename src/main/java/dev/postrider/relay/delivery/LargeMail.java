package dev.postrider.relay.delivery;

import dev.postrider.message.LargeWork;
import dev.postrider.message.Oversize;
import dev.postrider.message.Shrinking;
import dev.postrider.message.Splitting;
import dev.postrider.relay.links.Links;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.route.SizeLimit;
import java.util.Optional;

/** What may be done with one message if it is too large. */
final class LargeMail {
    private LargeMail() {}

    /**
     * As the organization's limits say.
     *
     * @param links empty where the relay serves no downloads
     * @param share whose work on it that is
     */
    static Optional<Oversize> of(QueuedMessage message, Optional<SizeLimit> limit, Optional<Links> links,
            String hostName, LargeWork.Share share) {
        if (limit.isEmpty()) {
            return Optional.empty();
        }
        return switch (limit.get().whenTooLarge()) {
            case REJECT -> Optional.empty();
            case SPLIT -> Optional.of(new Splitting(limit.get().octets(), message.id() + "@" + hostName));
            case LINK -> limit.get()
                    .linking()
                    .map(linking -> new Shrinking(limit.get().octets(),
                            new LinkedMessage(message, linking, links, share)));
        };
    }
}
