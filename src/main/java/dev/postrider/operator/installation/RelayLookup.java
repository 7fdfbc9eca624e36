package dev.postrider.operator.installation;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the relay again and again for what it knows of organizations, of all at once and beside the reconcilers. An
 * organization is planned anew when what is told of it has changed.
 *
 * @param <T> what is told of one
 */
public final class RelayLookup<T> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RelayLookup.class);
    static final Duration INTERVAL = Duration.ofMinutes(1);

    private final Question<T> question;
    private final Duration interval;
    private final Thread thread;
    /** Who was planned before the first answer, and may say something else by it. */
    private final Set<ResourceKey> early = ConcurrentHashMap.newKeySet();
    private volatile Optional<Map<ResourceKey, T>> known = Optional.empty();
    private volatile Consumer<ResourceKey> wake = _ -> {};

    /** A question to the relay. */
    @FunctionalInterface
    interface Question<T> {
        /**
         * What is known now, by organization.
         *
         * @throws IOException if the relay does not answer
         */
        Map<ResourceKey, T> ask() throws IOException;
    }

    /** @param interval between two questions */
    RelayLookup(String name, Question<T> question, Duration interval) {
        this.question = question;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::watch);
    }

    /**
     * Begins to ask.
     *
     * @param changed told of each organization of which something else is known than before
     */
    public void start(Consumer<ResourceKey> changed) {
        wake = changed;
        thread.start();
    }

    /** What is known of an organization. */
    Optional<T> of(ResourceKey organization) {
        return known.map(all -> all.get(organization));
    }

    /**
     * What is known of an organization.
     *
     * @param none  what is known where the relay tells nothing of it
     * @param waits whether an answer that tells nothing of it is news for it, if none has come yet: of the first answer
     *              all others need not be told
     * @return empty before the relay has answered
     */
    Optional<T> of(ResourceKey organization, T none, boolean waits) {
        if (waits && known.isEmpty()) {
            early.add(organization);
        }
        return known.map(all -> all.getOrDefault(organization, none));
    }

    private void watch() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                try {
                    take(question.ask());
                } catch (IOException e) {
                    // There may be no relay, and what is known of one is told elsewhere.
                    LOG.debug("{}", e.toString());
                }
                Thread.sleep(interval);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void take(Map<ResourceKey, T> now) {
        Map<ResourceKey, T> before = known.orElse(Map.of());
        known = Optional.of(Map.copyOf(now));
        Set<ResourceKey> changed = new HashSet<>(before.keySet());
        changed.addAll(now.keySet());
        changed.removeIf(key -> Optional.ofNullable(before.get(key)).equals(Optional.ofNullable(now.get(key))));
        changed.addAll(early);
        early.clear();
        changed.forEach(wake);
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
