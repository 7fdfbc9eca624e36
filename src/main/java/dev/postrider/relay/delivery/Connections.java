package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.ConnectionPermits;
import dev.postrider.relay.queue.ConnectionPermits.Permit;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one server that carry no mail at the moment, kept for more of it. Each has a permit for as long as
 * it is open. Safe for threads.
 */
final class Connections {
    /** So long a connection is kept at least that other relays lack, so that not all time goes into opening them. */
    private static final long KEPT_NANOS = 2_000_000_000;
    /** So long no permit is taken after one was given up for another relay: it asks as often. */
    private static final long YIELD_NANOS = 300_000_000;
    /** So long it is known that another relay lacks one. It asks again while it does. */
    private static final long WANTED_NANOS = 1_000_000_000;

    /** A connection and how much it has carried. Used by one thread at a time. */
    static final class Connection {
        private final Upstream upstream;
        private final ServerRoute route;
        private final Optional<Credentials> submitter;
        private final Permit permit;
        private final AtomicInteger open;
        private final long opened = System.nanoTime();
        private int messages;
        private Instant idleSince = Instant.MAX;

        private Connection(Upstream upstream, ServerRoute route, Optional<Credentials> submitter, Permit permit,
                AtomicInteger open) {
            this.open = open;
            open.incrementAndGet();
            this.upstream = upstream;
            this.route = route;
            this.submitter = submitter;
            this.permit = permit;
        }

        Upstream upstream() {
            return upstream;
        }

        private boolean isUseful(ServerRoute current) {
            return route.equals(current) && upstream.isOpen() && permit.isHeld();
        }

        void close() {
            // The place is free for another only when the server has it back.
            try (permit) {
                upstream.close();
            } finally {
                open.decrementAndGet();
            }
        }
    }

    private final Upstreams upstreams;
    private final ConnectionPermits permits;
    private final Supplier<DeliverySettings> settings;
    private final Deque<Connection> idle = new ArrayDeque<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile int most = Integer.MAX_VALUE;
    private long wantedUntil = System.nanoTime();
    private long yieldsUntil = wantedUntil;

    Connections(Upstreams upstreams, ConnectionPermits permits, Supplier<DeliverySettings> settings) {
        this.upstreams = upstreams;
        this.permits = permits;
        this.settings = settings;
    }

    /**
     * A connection as the route has it: a kept one, or a new one if there is a permit. One that is logged in for
     * somebody is his alone; where only that stands in the way of another, it is closed.
     *
     * @param submitter whose login it is, where that is the submitter's
     * @param most      how many may be open when a new one is opened, over all relays
     */
    Optional<Connection> take(ServerRoute route, Optional<Credentials> submitter, int most) {
        for (Connection kept = poll(submitter); kept != null; kept = poll(submitter)) {
            if (kept.isUseful(route)) {
                return Optional.of(kept);
            }
            kept.close();
        }
        if (yields()) {
            return Optional.empty();
        }
        Optional<Permit> permit = permits.tryTake(route.key(), most);
        while (permit.isEmpty() && closeOne()) {
            permit = permits.tryTake(route.key(), most);
        }
        ServerRoute server = submitter.map(route::as).orElse(route);
        return permit.map(taken -> new Connection(upstreams.to(server), route, submitter, taken, open));
    }

    private synchronized @Nullable Connection poll(Optional<Credentials> submitter) {
        for (Iterator<Connection> all = idle.descendingIterator(); all.hasNext();) {
            Connection kept = all.next();
            if (kept.submitter.equals(submitter)) {
                all.remove();
                return kept;
            }
        }
        return null;
    }

    /** Closes the connection that has waited the longest, and waits for that; says whether there was one. */
    boolean closeOne() {
        Connection oldest;
        synchronized (this) {
            oldest = idle.pollFirst();
        }
        if (oldest != null) {
            oldest.close();
        }
        return oldest != null;
    }

    /**
     * Gives back a connection that has carried a message: it is kept if it is good for more, and else closed.
     *
     * @param current the route as it is now
     */
    void giveBack(Connection connection, Optional<ServerRoute> current, Instant now) {
        connection.messages++;
        if (connection.messages < settings.get().delivery().messagesPerConnection() && open.get() <= most
                && !isOwed(connection)
                && current.filter(connection::isUseful).isPresent()) {
            connection.idleSince = now;
            synchronized (this) {
                idle.addLast(connection);
            }
        } else {
            connection.close();
        }
    }

    /** How many are kept at most, from now on. */
    void keep(int some) {
        most = some;
    }

    /** Closes those without mail, for the server has too many. */
    void closeIdle() {
        takeStale(Optional.empty()).forEach(Connection::close);
    }

    private synchronized boolean yields() {
        return System.nanoTime() - yieldsUntil < 0;
    }

    /** Whether another relay lacks it, which is then told to take it. */
    private synchronized boolean isOwed(Connection connection) {
        long now = System.nanoTime();
        if (now - wantedUntil >= 0 || now - connection.opened < KEPT_NANOS) {
            return false;
        }
        wantedUntil = now;
        yieldsUntil = now + YIELD_NANOS;
        return true;
    }

    /**
     * Takes out the one that has waited for longest, since another relay lacks it; the caller closes it.
     *
     * @param busyToo if none waits, the next that comes back is closed
     */
    synchronized List<Connection> takeWanted(boolean busyToo) {
        long now = System.nanoTime();
        Connection kept = idle.pollFirst();
        if (kept != null) {
            yieldsUntil = now + YIELD_NANOS;
            return List.of(kept);
        }
        if (busyToo) {
            wantedUntil = now + WANTED_NANOS;
        }
        return List.of();
    }

    /** Takes out those that have waited for too long; the caller closes them. */
    List<Connection> takeExpired(Instant now) {
        Duration most = settings.get().idleConnection();
        return takeOut(kept -> !kept.idleSince.plus(most).isAfter(now));
    }

    /** Takes out those that the current route has no use for; the caller closes them. */
    List<Connection> takeStale(Optional<ServerRoute> current) {
        return takeOut(kept -> current.isEmpty() || !kept.route.equals(current.get()));
    }

    private synchronized List<Connection> takeOut(Predicate<Connection> which) {
        List<Connection> taken = new ArrayList<>();
        for (Iterator<Connection> all = idle.iterator(); all.hasNext();) {
            Connection kept = all.next();
            if (which.test(kept)) {
                all.remove();
                taken.add(kept);
            }
        }
        return taken;
    }
}
