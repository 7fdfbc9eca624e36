package dev.postrider.relay;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets routes of new owners count once the queue is theirs: an organization's name may have been somebody else's, whose
 * mail must not go through the new one's servers.
 */
final class Owners implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Owners.class);
    private static final int AGAIN_MILLIS = 1000;

    private final Queue queue;
    private final Routes routes;
    private final Semaphore signals = new Semaphore(0);
    private final Thread thread = Thread.ofVirtual().name("owners").unstarted(this::run);

    private Owners(Queue queue, Routes routes) {
        this.queue = queue;
        this.routes = routes;
    }

    /** Looks at the routes that there are, and at each that comes; to be called before anything is delivered. */
    static Owners start(Queue queue, Routes routes) {
        Owners owners = new Owners(queue, routes);
        owners.thread.start();
        routes.onNewOwner(owners.signals::release);
        return owners;
    }

    private void run() {
        try {
            while (true) {
                signals.acquire();
                signals.drainPermits();
                while (!handOver(routes.ofNewOwners())) {
                    Thread.sleep(AGAIN_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    private boolean handOver(List<OrganizationRoute> waiting) {
        if (waiting.isEmpty()) {
            return true;
        }
        Map<ResourceKey, String> owners = new HashMap<>();
        waiting.forEach(route -> owners.put(route.key(), route.uid().orElseThrow()));
        try {
            Queue.HandOver done = queue.handOver(owners);
            waiting.forEach(route -> routes.handedOver(route, !done.stale().contains(route.key())));
            done.stale()
                    .forEach(key -> LOG.warn("the route of organization {} is that of a former owner, and is not used",
                            key));
            return true;
        } catch (QueueException e) {
            LOG.error("whose mail is in the queue cannot be told, so {} routes wait: {}", waiting.size(),
                    e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
