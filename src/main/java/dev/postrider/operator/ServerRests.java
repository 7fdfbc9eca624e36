package dev.postrider.operator;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which servers take no mail, as the relays tell. They are asked only once a plan wants to know. A server counts as one
 * that rests until no relay has said so for a while: several relays answer in turn, and one that fails again and again
 * must not change statuses again and again. Safe for many threads.
 */
final class ServerRests implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerRests.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    /** So long a rest counts after it was last heard of: six questions. */
    static final Duration HELD = Duration.ofSeconds(30);

    /** Asks the relays. */
    interface Source {
        List<ServerRest> rests() throws IOException;
    }

    /** @param heard when it was last said */
    private record Noted(ServerRest rest, Instant heard) {}

    private final Source source;
    private final InstantSource clock;
    private final Map<ResourceKey, Noted> noted = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean wanted;

    ServerRests(Source source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /** @param changed told of each server that begins to rest, or does not any more */
    void start(Consumer<ResourceKey> changed) {
        Thread.ofVirtual().name("server-rests").start(() -> {
            try {
                while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    if (wanted) {
                        ask(changed);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void ask(Consumer<ResourceKey> changed) {
        try {
            take(source.rests(), changed);
        } catch (IOException | RuntimeException e) {
            LOG.debug("which servers rest is not known: {}", e.toString());
        }
    }

    void take(List<ServerRest> said, Consumer<ResourceKey> changed) {
        Instant now = clock.instant();
        for (ServerRest rest : said) {
            // What was said first stays, so that a status does not change with each failure.
            Noted before = noted.get(rest.server());
            noted.put(rest.server(), new Noted(before == null ? rest : before.rest, now));
            if (before == null) {
                changed.accept(rest.server());
            }
        }
        noted.forEach((server, rest) -> {
            if (rest.heard.plus(HELD).isBefore(now) && noted.remove(server, rest)) {
                changed.accept(server);
            }
        });
    }

    Optional<ServerRest> of(ResourceKey server) {
        wanted = true;
        return Optional.ofNullable(noted.get(server)).map(Noted::rest);
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
