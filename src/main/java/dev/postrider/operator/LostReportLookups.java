package dev.postrider.operator;

import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the relay for the reports that reached nobody, once a minute for all organizations, beside the reconcilers. An
 * organization is planned anew when what is told of it has changed.
 */
public final class LostReportLookups implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LostReportLookups.class);
    static final Duration INTERVAL = Duration.ofMinutes(1);

    private final RelayQueue relay;
    private final Duration interval;
    private final Thread thread;
    /** Who was planned before the first answer, and may say something else by it. */
    private final Set<ResourceKey> early = ConcurrentHashMap.newKeySet();
    private volatile Optional<Map<ResourceKey, LostReports>> known = Optional.empty();
    private volatile Consumer<ResourceKey> wake = _ -> {};

    /** @param interval between two questions */
    LostReportLookups(RelayQueue relay, Duration interval) {
        this.relay = relay;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name("lost-reports").unstarted(this::watch);
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

    /** What is known of an organization; empty before the relay has answered. */
    Optional<LostReports> of(ResourceKey organization) {
        if (known.isEmpty()) {
            early.add(organization);
        }
        return known.map(all -> all.getOrDefault(organization, LostReports.none(organization)));
    }

    private void watch() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                try {
                    take(relay.lostReports());
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

    private void take(List<LostReports> told) {
        Map<ResourceKey, LostReports> before = known.orElse(Map.of());
        Map<ResourceKey, LostReports> now = told.stream()
                .collect(Collectors.toMap(LostReports::organization, Function.identity(), (a, _) -> a));
        known = Optional.of(now);
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
