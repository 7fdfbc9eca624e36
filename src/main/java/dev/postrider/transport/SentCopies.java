package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes copies of sent messages out of a mailbox's sent items. A message of MIME is always copied there, some time after
 * it was sent; so this happens beside the delivery, and does not make it fail.
 */
final class SentCopies {
    private static final Logger LOG = LoggerFactory.getLogger(SentCopies.class);
    static final List<Duration> WAITS = List.of(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30),
            Duration.ofMinutes(1), Duration.ofMinutes(5));

    /** One request at a time for each mailbox: Exchange Online takes four, and three are for mail. */
    private static final Map<String, Semaphore> PLACES = new ConcurrentHashMap<>();

    private final Endpoint.Graph endpoint;
    private final GraphEndpoints endpoints;
    private final AccessTokens tokens;
    private final List<Duration> waits;

    SentCopies(Endpoint.Graph endpoint, GraphEndpoints endpoints, AccessTokens tokens, List<Duration> waits) {
        this.endpoint = endpoint;
        this.endpoints = endpoints;
        this.tokens = tokens;
        this.waits = waits;
    }

    /** Removes the copy of a message as soon as it is there. */
    void remove(String id, RequestIds ids) {
        Thread.ofVirtual().name("graph-sent-copy").start(() -> {
            try {
                for (Duration wait : waits) {
                    Thread.sleep(wait);
                    if (isGone(id, ids)) {
                        return;
                    }
                }
                LOG.warn("the copy of a sent message stays in the sent items of {}", endpoint.display());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Only in the sent items: what is still on its way there must not be touched. */
    private boolean isGone(String id, RequestIds ids) throws InterruptedException {
        String path = "/mailFolders/sentitems/messages/" + GraphRequests.encoded(id);
        // Only the global cloud has permanentDelete; elsewhere it goes the way of all that is deleted.
        boolean purge = endpoint.cloud() == Endpoint.Graph.Cloud.GLOBAL;
        Semaphore place = PLACES.computeIfAbsent(endpoint.display(), _ -> new Semaphore(1));
        place.acquire();
        try {
            return new GraphRequests(endpoint, endpoints, tokens)
                    .send(purge ? "POST" : "DELETE", purge ? path + "/permanentDelete" : path, ids.of("purge"),
                            "application/json", new byte[0])
                    .positive();
        } catch (RefusedException e) {
            LOG.debug("the copy of a sent message could not be removed yet: {}", e.getMessage());
            return false;
        } finally {
            place.release();
        }
    }
}
