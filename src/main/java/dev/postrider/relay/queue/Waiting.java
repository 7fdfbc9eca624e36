package dev.postrider.relay.queue;

import dev.postrider.relay.queue.QueueView.Entry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Says why messages that nobody holds are not being tried, though their time may have come. */
@FunctionalInterface
public interface Waiting {

    /**
     * What it waits for.
     *
     * @param text  for people, one line; nothing of another organization's mail
     * @param until when that ends by itself, if it does
     */
    record Reason(String text, Optional<Instant> until) {
        /** What a person ends, or other mail. */
        public Reason(String text) {
            this(text, Optional.empty());
        }
    }

    /** By queue id; of those that wait for nothing but their time, nothing. */
    Map<String, Reason> of(List<Entry> messages);
}
