package dev.postrider.transport;

import dev.postrider.route.ServerRoute;

/** Opens ways to upstream servers. */
@FunctionalInterface
public interface Upstreams {
    /** A new way to this server; nothing is connected yet. */
    Upstream to(ServerRoute server);
}
