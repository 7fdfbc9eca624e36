package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What servers were seen to take by their replies, shared by all connections to them for mail of one namespace: words of
 * a reply may be due to what is in a mail, and must not hold for mail of others. It is known for a day, or until the
 * server is declared otherwise. Safe for threads.
 */
final class ObservedLimits {
    private static final Duration KNOWN = Duration.ofDays(1);
    /** Servers of which something is known; beyond that the oldest knowledge goes. */
    private static final int MOST = 10_000;

    private final InstantSource clock;
    private final Map<Place, Known<Integer>> mostRecipients = new ConcurrentHashMap<>();
    private final Map<Place, Known<Boolean>> nullSender = new ConcurrentHashMap<>();

    ObservedLimits(InstantSource clock) {
        this.clock = clock;
    }

    /** @param namespace whose mail is handed over, as {@link NameLookup#in} has it */
    private record Place(ResourceKey server, String namespace) {
        static Place of(ResourceKey server) {
            return new Place(server, NameLookup.namespace());
        }
    }

    private record Known<V>(Endpoint.Smtp declared, V value, Instant until) {}

    /** How many recipients one transaction may have, where a server said that there were too many. */
    Optional<Integer> mostRecipients(ResourceKey server, Endpoint.Smtp endpoint) {
        return known(mostRecipients, server, endpoint);
    }

    /** A server takes no more recipients in one transaction than these. */
    void learnMostRecipients(ResourceKey server, Endpoint.Smtp endpoint, int most) {
        int least = mostRecipients(server, endpoint).map(known -> Math.min(known, most)).orElse(most);
        learn(mostRecipients, server, endpoint, least);
    }

    /** Whether a server refused the null sender. */
    boolean refusesNullSender(ResourceKey server, Endpoint.Smtp endpoint) {
        return known(nullSender, server, endpoint).isPresent();
    }

    /** A server refuses the null sender, and takes another in its place. */
    void learnNullSenderRefused(ResourceKey server, Endpoint.Smtp endpoint) {
        learn(nullSender, server, endpoint, true);
    }

    private <V> Optional<V> known(Map<Place, Known<V>> all, ResourceKey server, Endpoint.Smtp endpoint) {
        return Optional.ofNullable(all.get(Place.of(server)))
                .filter(known -> known.until.isAfter(clock.instant()) && known.declared.equals(ofAnybody(endpoint)))
                .map(Known::value);
    }

    private <V> void learn(Map<Place, Known<V>> all, ResourceKey server, Endpoint.Smtp endpoint, V value) {
        Instant now = clock.instant();
        // What was known of servers that are gone goes with the first that is learned later.
        all.values().removeIf(known -> !known.until.isAfter(now));
        if (all.size() >= MOST) {
            all.entrySet()
                    .stream()
                    .min(Comparator.comparing(entry -> entry.getValue().until))
                    .map(Map.Entry::getKey)
                    .ifPresent(all::remove);
        }
        all.put(Place.of(server), new Known<>(ofAnybody(endpoint), value, now.plus(KNOWN)));
    }

    /** Whoever submits, the server is the same. */
    private static Endpoint.Smtp ofAnybody(Endpoint.Smtp endpoint) {
        return endpoint.wantsSubmitter() ? endpoint.withoutLogin() : endpoint;
    }
}
