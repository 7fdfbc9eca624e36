package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.Arrivals;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Upstreams;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each organization with mail that is due its turn, one message at a time, as far as its servers have room.
 *
 * <p>One thread decides, virtual threads deliver. An organization is in one of three places: <i>ready</i> in the
 * rotation of those that share its servers, <i>waiting</i> for a time, or <i>parked</i> until routes change.
 */
public final class Delivery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final int CLAIMED_AT_ONCE = 32;
    private static final Duration LONGEST_SLEEP = Duration.ofSeconds(5);
    private static final Duration QUEUE_RETRY = Duration.ofSeconds(5);
    private static final Duration REMOVAL_INTERVAL = Duration.ofHours(1);

    /** An organization in the rotation and the messages that were taken out of the queue for it. */
    private record Backlog(ResourceKey organization, Deque<QueuedMessage> claimed) {}

    private final Queue queue;
    private final Routes routes;
    private final DeliverySettings settings;
    private final InstantSource clock;
    private final Lanes lanes;
    private final Courier courier;
    private final ExecutorService workers = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("delivery-", 0).factory());
    private final Thread dispatcher = Thread.ofPlatform().name("delivery").unstarted(this::dispatch);

    // Said by other threads.
    private final Semaphore signals = new Semaphore(0);
    private final Set<ResourceKey> arrived = ConcurrentHashMap.newKeySet();
    private final Set<ResourceKey> settled = ConcurrentHashMap.newKeySet();
    private final Set<ResourceKey> removing = ConcurrentHashMap.newKeySet();
    private volatile boolean routesChanged;
    private volatile boolean stopping;

    // Touched by the dispatcher alone.
    private final Map<ResourceKey, Backlog> ready = new HashMap<>();
    private final Map<List<ServerRoute>, Deque<Backlog>> rotations = new LinkedHashMap<>();
    private final Map<ResourceKey, Instant> waiting = new HashMap<>();
    private final Set<ResourceKey> parked = new HashSet<>();

    public Delivery(Queue queue, Routes routes, Upstreams upstreams, DeliverySettings settings, InstantSource clock,
            RelayMeters meters, Tracing tracing) {
        this.queue = queue;
        this.routes = routes;
        this.settings = settings;
        this.clock = clock;
        this.lanes = new Lanes(upstreams);
        this.courier = new Courier(queue, lanes, settings, clock, meters, tracing, organization -> routes
                .organization(organization)
                .filter(route -> route.webhook().isPresent())
                .isPresent());
    }

    /** Starts to deliver what is queued and what comes. */
    public void start() throws QueueException {
        waiting.putAll(queue.schedule());
        queue.onArrival(new Arrivals() {
            @Override
            public boolean wants(ResourceKey organization, long octets) {
                return false;
            }

            @Override
            public void arrived(QueuedMessage message) {
                queue.release(message);
                arrived(message.organization());
            }

            @Override
            public void arrived(ResourceKey organization) {
                if (arrived.add(organization)) {
                    signals.release();
                }
            }
        });
        routes.onChange(() -> {
            routesChanged = true;
            signals.release();
        });
        dispatcher.start();
    }

    /** Looks at the clock again: for tests that turn it. */
    public void wake() {
        signals.release();
    }

    /**
     * Starts no more attempts and waits for those under way.
     *
     * @param grace after which the rest is broken off, to be tried again when the relay runs again
     */
    public void stop(Duration grace) {
        stopping = true;
        signals.release();
        try {
            dispatcher.join();
            workers.shutdown();
            if (!workers.awaitTermination(Math.max(grace.toMillis(), 0), TimeUnit.MILLISECONDS)) {
                LOG.warn("attempts under way are broken off, their mail is tried again after the next start");
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lanes.closeIdle(Instant.MAX, Duration.ZERO);
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    private void dispatch() {
        while (!stopping) {
            try {
                hearSignals();
                takeDue();
                startAll();
                lanes.closeIdle(clock.instant(), settings.idleConnection());
                if (signals.tryAcquire(sleep().toMillis(), TimeUnit.MILLISECONDS)) {
                    signals.drainPermits();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                LOG.error("delivery stumbled and goes on", e);
            }
        }
        ready.values().forEach(backlog -> backlog.claimed.forEach(queue::release));
    }

    private Duration sleep() {
        Instant now = clock.instant();
        Duration longest = waiting.values()
                .stream()
                .min(Instant::compareTo)
                .map(next -> Duration.between(now, next).plusMillis(1))
                .filter(wait -> wait.compareTo(LONGEST_SLEEP) < 0)
                .orElse(LONGEST_SLEEP);
        return longest.isNegative() ? Duration.ZERO : longest;
    }

    private void hearSignals() {
        if (routesChanged) {
            routesChanged = false;
            reconsiderAll();
        }
        // Taken out before it is looked at: what comes after that is heard the next time.
        for (Iterator<ResourceKey> heard = arrived.iterator(); heard.hasNext();) {
            ResourceKey organization = heard.next();
            heard.remove();
            makeReady(organization);
        }
        for (Iterator<ResourceKey> heard = settled.iterator(); heard.hasNext();) {
            ResourceKey organization = heard.next();
            heard.remove();
            if (!ready.containsKey(organization) && !parked.contains(organization)) {
                schedule(organization);
            }
        }
    }

    private void reconsiderAll() {
        Set<ResourceKey> due = new HashSet<>(parked);
        due.addAll(ready.keySet());
        ready.values().forEach(backlog -> backlog.claimed.forEach(queue::release));
        ready.clear();
        rotations.clear();
        parked.clear();
        waiting.keySet().stream().filter(this::isDropping).forEach(due::add);
        due.forEach(this::makeReady);
    }

    private boolean isDropping(ResourceKey organization) {
        return routes.organization(organization)
                .filter(route -> route.state() == OrganizationRoute.State.DROPPING)
                .isPresent();
    }

    private void takeDue() {
        Instant now = clock.instant();
        List<ResourceKey> due = waiting.entrySet()
                .stream()
                .filter(entry -> !entry.getValue().isAfter(now))
                .map(Map.Entry::getKey)
                .toList();
        due.forEach(this::makeReady);
    }

    private void makeReady(ResourceKey organization) {
        if (ready.containsKey(organization)) {
            return;
        }
        waiting.remove(organization);
        parked.remove(organization);
        if (isDropping(organization)) {
            drop(organization);
            return;
        }
        Optional<Routing> routing = routes.routing(organization);
        if (routing.isEmpty()) {
            expire(organization);
            return;
        }
        switch (routing.get()) {
            case Routing.Through(List<ServerRoute> servers) -> {
                var backlog = new Backlog(organization, new ArrayDeque<>());
                ready.put(organization, backlog);
                rotations.computeIfAbsent(servers, key -> new ArrayDeque<>()).addLast(backlog);
            }
            case Routing.Nowhere nowhere -> {
                parked.add(organization);
                LOG.info("mail of organization {} waits: {}", organization, nowhere.reason());
            }
        }
    }

    private void drop(ResourceKey organization) {
        remove(organization, () -> {
            int removed = queue.removeAll(organization);
            LOG.info("organization {} is deleted with its queue: {} messages dropped", organization, removed);
        });
    }

    /** Nobody is left who could send it, or hear of it. */
    private void expire(ResourceKey organization) {
        parked.add(organization);
        if (!routes.isComplete()) {
            return;
        }
        remove(organization, () -> {
            int removed = queue.removeReceivedBefore(organization, clock.instant().minus(settings.expiry()));
            if (removed > 0) {
                LOG.warn("organization {} has no route: {} messages expired and dropped", organization, removed);
            }
        });
    }

    @FunctionalInterface
    private interface Removal {
        void run() throws QueueException;
    }

    private void remove(ResourceKey organization, Removal removal) {
        if (!hasMail(organization)) {
            parked.remove(organization);
            return;
        }
        waiting.put(organization, clock.instant().plus(REMOVAL_INTERVAL));
        if (!removing.add(organization)) {
            return;
        }
        workers.execute(() -> {
            try {
                removal.run();
            } catch (QueueException e) {
                LOG.error("mail of organization {} could not be removed: {}", organization, e.getMessage());
            } finally {
                removing.remove(organization);
            }
        });
    }

    private boolean hasMail(ResourceKey organization) {
        return queue.usage(organization).messages() > 0;
    }

    /** Rotations take turns as well, since a server may be in several of them. */
    private void startAll() {
        boolean started = true;
        while (started && !stopping) {
            started = false;
            for (List<ServerRoute> servers : List.copyOf(rotations.keySet())) {
                started |= startOne(servers);
            }
        }
    }

    private boolean startOne(List<ServerRoute> servers) {
        Deque<Backlog> turns = rotations.getOrDefault(servers, new ArrayDeque<>());
        while (!turns.isEmpty()) {
            Optional<Lanes.Place> place = lanes.enter(servers, Set.of(), clock.instant());
            if (place.isEmpty()) {
                return false;
            }
            Backlog backlog = turns.removeFirst();
            Optional<QueuedMessage> message = next(backlog);
            if (message.isPresent()) {
                turns.addLast(backlog);
                workers.execute(() -> work(message.get(), servers, place.get()));
                return true;
            }
            place.get().lane().leave();
        }
        rotations.remove(servers);
        return false;
    }

    private Optional<QueuedMessage> next(Backlog backlog) {
        if (backlog.claimed.isEmpty()) {
            try {
                backlog.claimed.addAll(queue.claim(backlog.organization, clock.instant(), CLAIMED_AT_ONCE));
            } catch (QueueException e) {
                LOG.error("mail of organization {} cannot be read: {}", backlog.organization, e.getMessage());
                ready.remove(backlog.organization);
                waiting.put(backlog.organization, clock.instant().plus(QUEUE_RETRY));
                return Optional.empty();
            }
        }
        if (backlog.claimed.isEmpty()) {
            ready.remove(backlog.organization);
            schedule(backlog.organization);
        }
        return Optional.ofNullable(backlog.claimed.pollFirst());
    }

    private void schedule(ResourceKey organization) {
        try {
            queue.nextAttempt(organization)
                    .ifPresentOrElse(next -> waiting.put(organization, next), () -> waiting.remove(organization));
        } catch (QueueException e) {
            LOG.error("mail of organization {} cannot be read: {}", organization, e.getMessage());
            waiting.put(organization, clock.instant().plus(QUEUE_RETRY));
        }
    }

    private void work(QueuedMessage message, List<ServerRoute> servers, Lanes.Place place) {
        try {
            courier.deliver(message, servers, place);
        } catch (InterruptedException e) {
            LOG.warn("{} what came of it is not recorded, it is tried again after the next start", message.id());
        } finally {
            settled.add(message.organization());
            signals.release();
        }
    }
}
