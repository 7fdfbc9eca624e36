package dev.postrider.relay.delivery;

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

/** The connections to one server: those that carry mail and those kept for more, together within its limit. */
final class Lane {
    /** A connection and how much it has carried. */
    static final class Kept {
        private final Upstream upstream;
        private final ServerRoute route;
        private int messages;
        private Instant idleSince = Instant.MAX;

        private Kept(Upstream upstream, ServerRoute route) {
            this.upstream = upstream;
            this.route = route;
        }

        Upstream upstream() {
            return upstream;
        }
    }

    private final Upstreams upstreams;
    private final Deque<Kept> idle = new ArrayDeque<>();
    private int busy;
    private Instant restsUntil = Instant.MIN;

    Lane(Upstreams upstreams) {
        this.upstreams = upstreams;
    }

    /** Takes a place, if there is one; {@link #leave} gives it back. */
    synchronized boolean enter(ServerRoute route) {
        if (busy >= route.endpoint().maxConnections()) {
            return false;
        }
        busy++;
        return true;
    }

    synchronized void leave() {
        busy--;
    }

    synchronized int busy() {
        return busy;
    }

    /** Whether it could not be reached lately. */
    synchronized boolean rests(Instant now) {
        return now.isBefore(restsUntil);
    }

    synchronized void restUntil(Instant time) {
        restsUntil = time;
    }

    /** A connection for whoever has entered: a kept one, unless the route has changed since. */
    Kept connection(ServerRoute route) {
        List<Kept> stale = new ArrayList<>();
        try {
            synchronized (this) {
                for (Kept kept = idle.pollLast(); kept != null; kept = idle.pollLast()) {
                    if (kept.route.equals(route) && kept.upstream.isOpen()) {
                        return kept;
                    }
                    stale.add(kept);
                }
            }
        } finally {
            stale.forEach(kept -> kept.upstream.close());
        }
        return new Kept(upstreams.to(route), route);
    }

    /** Keeps a connection that has carried a message, if it is good for more. */
    void keep(Kept connection, DeliverySettings settings, Instant now) {
        connection.messages++;
        boolean useful = connection.messages < settings.messagesPerConnection() && connection.upstream.isOpen();
        if (useful) {
            synchronized (this) {
                useful = busy + idle.size() <= connection.route.endpoint().maxConnections();
                if (useful) {
                    connection.idleSince = now;
                    idle.addLast(connection);
                }
            }
        }
        if (!useful) {
            connection.upstream.close();
        }
    }

    /** Takes out the connections that have waited for longer than this; the caller closes them. */
    synchronized List<Upstream> expired(Instant now, Duration idleTime) {
        List<Upstream> expired = new ArrayList<>();
        for (Iterator<Kept> all = idle.iterator(); all.hasNext();) {
            Kept kept = all.next();
            if (!kept.idleSince.plus(idleTime).isAfter(now)) {
                all.remove();
                expired.add(kept.upstream);
            }
        }
        return expired;
    }

    synchronized boolean hasIdle() {
        return !idle.isEmpty();
    }
}
