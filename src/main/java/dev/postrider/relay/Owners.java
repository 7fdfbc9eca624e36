package dev.postrider.relay;

import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
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
    /** Namespaces with names that are changing hands now. */
    private final Set<String> busy = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("owners-", 0).factory());
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
                while (!look()) {
                    Thread.sleep(AGAIN_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    /** What a former owner left may be much: each namespace waits for its own names alone. */
    private boolean look() {
        List<OrganizationRoute> waiting = routes.ofNewOwners()
                .stream()
                .filter(route -> !busy.contains(route.key().namespace()))
                .toList();
        if (waiting.isEmpty()) {
            return true;
        }
        Set<ResourceKey> ofOthers;
        try {
            ofOthers = queue.ownedByOthers(names(waiting));
        } catch (QueueException e) {
            tell(waiting, e);
            return false;
        }
        Map<String, List<OrganizationRoute>> slow = waiting.stream()
                .filter(route -> ofOthers.contains(route.key()))
                .collect(Collectors.groupingBy(route -> route.key().namespace()));
        slow.forEach((namespace, some) -> {
            busy.add(namespace);
            workers.execute(() -> handOverEach(namespace, some));
        });
        return handOver(waiting.stream().filter(route -> !ofOthers.contains(route.key())).toList());
    }

    /** Tries each once; those that failed are looked at again. */
    private void handOverEach(String namespace, List<OrganizationRoute> waiting) {
        try {
            boolean done = true;
            for (OrganizationRoute route : waiting) {
                done &= handOver(List.of(route));
            }
            if (!done) {
                Thread.sleep(AGAIN_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            busy.remove(namespace);
            signals.release();
        }
    }

    private boolean handOver(List<OrganizationRoute> waiting) {
        if (waiting.isEmpty()) {
            return true;
        }
        try {
            Queue.HandOver done = queue.handOver(names(waiting));
            waiting.forEach(route -> routes.handedOver(route, !done.stale().contains(route.key())));
            done.stale()
                    .forEach(key -> LOG.warn("the route of organization {} is that of a former owner, and is not used",
                            key));
            return true;
        } catch (QueueException e) {
            tell(waiting, e);
            return false;
        }
    }

    private static Map<ResourceKey, String> names(List<OrganizationRoute> waiting) {
        Map<ResourceKey, String> owners = new HashMap<>();
        waiting.forEach(route -> owners.put(route.key(), route.uid().orElseThrow()));
        return owners;
    }

    private static void tell(List<OrganizationRoute> waiting, QueueException e) {
        LOG.error("whose mail is in the queue cannot be told, so {} routes wait: {}", waiting.size(), e.getMessage());
    }

    @Override
    public void close() {
        thread.interrupt();
        workers.shutdownNow();
    }
}
