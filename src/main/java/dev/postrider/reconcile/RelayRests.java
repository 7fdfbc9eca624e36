package dev.postrider.reconcile;

import dev.postrider.route.RelayRest;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which mail gets no place at which servers, as the relays tell. They are asked only once a plan wants to know. A rest
 * counts until no relay has told of it for a while: several relays answer in turn, and a server that fails again and
 * again must not change statuses again and again. Safe for many threads.
 *
 * @param <R> what is told
 */
public final class RelayRests<R extends RelayRest> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RelayRests.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    /** So long a rest counts after it was last heard of: six questions. */
    static final Duration HELD = Duration.ofSeconds(30);

    /** Asks the relays. */
    public interface Source<R> {
        /**
         * What one of them tells.
         *
         * @throws IOException if none answers
         */
        List<R> rests() throws IOException;
    }

    /** @param heard when it was last said */
    private record Noted<R>(R rest, Instant heard) {}

    private final String name;
    private final Source<R> source;
    private final InstantSource clock;
    /** By what they are about, then by what they are. */
    private final Map<ResourceKey, Map<Object, Noted<R>>> noted = new ConcurrentHashMap<>();
    /** What plans asked about while only some relays may have answered, and may say something else afterwards. */
    private final Set<ResourceKey> early = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Optional<Instant> firstAnswer = Optional.empty();
    private volatile boolean complete;
    private volatile boolean wanted;

    /**
     * Nothing is told yet.
     *
     * @param name what is told, for the log
     */
    public RelayRests(String name, Source<R> source, InstantSource clock) {
        this.name = name;
        this.source = source;
        this.clock = clock;
    }

    /**
     * Begins to ask, on a thread of its own.
     *
     * @param changed told of each resource that something else is to be said of
     */
    public void start(Consumer<ResourceKey> changed) {
        Thread.ofVirtual().name(name).start(() -> {
            try {
                while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    ask(changed);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /**
     * Asks once, if a plan wants to know.
     *
     * @param changed told of each resource that something else is to be said of
     */
    public void ask(Consumer<ResourceKey> changed) {
        if (!wanted) {
            return;
        }
        try {
            take(source.rests(), changed);
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} are not known: {}", name, e.toString());
        }
    }

    void take(List<R> said, Consumer<ResourceKey> changed) {
        Instant now = clock.instant();
        Set<ResourceKey> news = new HashSet<>();
        for (R rest : said) {
            noted.compute(rest.about(), (about, known) -> {
                Map<Object, Noted<R>> all = known == null ? new ConcurrentHashMap<>() : known;
                // What was said first stays, so that a status does not change with each failure.
                Noted<R> before = all.get(rest.identity());
                R told = before == null || before.rest.isOver(now) ? rest : before.rest;
                all.put(rest.identity(), new Noted<>(told, now));
                if (before == null || !told.equals(before.rest)) {
                    news.add(about);
                }
                return all;
            });
        }
        for (ResourceKey about : noted.keySet()) {
            noted.computeIfPresent(about, (_, all) -> {
                if (all.values().removeIf(rest -> rest.heard.plus(HELD).isBefore(now))) {
                    news.add(about);
                }
                return all.isEmpty() ? null : all;
            });
        }
        if (!complete) {
            firstAnswer = firstAnswer.or(() -> Optional.of(now));
            if (!firstAnswer.get().plus(HELD).isAfter(now)) {
                complete = true;
                news.addAll(early);
                early.clear();
            }
        }
        news.forEach(changed);
    }

    /**
     * What is told about a resource, what weighs most first.
     *
     * @return empty where nothing is, and not every relay may have answered since this process began to ask
     */
    public Optional<List<R>> of(ResourceKey about) {
        wanted = true;
        if (!complete) {
            early.add(about);
        }
        boolean known = complete;
        return Optional.of(noted.getOrDefault(about, Map.of())
                .values()
                .stream()
                .map(Noted::rest)
                .sorted(Comparator.comparingInt(RelayRest::weight).reversed())
                .toList()).filter(rests -> known || !rests.isEmpty());
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
