package dev.postrider.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The connections of a port, within its bounds. Who comes beyond the bound of an address takes the place of another of
 * that address; who comes beyond the bound of the port, that of one of the address that has the most. Safe for threads.
 */
final class HttpConnections {
    private final HttpLimits limits;
    /** The oldest first. */
    private final Map<ByteBuffer, Set<HttpConnection>> byNetwork = new HashMap<>();
    private int count;

    /** What became of one that came. */
    enum Entry {
        ENTERED, ENTERED_FOR_ANOTHER, FULL
    }

    HttpConnections(HttpLimits limits) {
        this.limits = limits;
    }

    synchronized Entry enter(HttpConnection connection) {
        ByteBuffer network = network(connection.client());
        Set<HttpConnection> neighbours = byNetwork.getOrDefault(network, Set.of());
        Entry entry = Entry.ENTERED;
        if (neighbours.size() >= limits.perAddress()) {
            entry = displace(List.of(neighbours)) ? Entry.ENTERED_FOR_ANOTHER : Entry.FULL;
        } else if (count >= limits.connections()) {
            entry = displace(byNetwork.values()
                    .stream()
                    .sorted(Comparator.<Set<HttpConnection>>comparingInt(Set::size).reversed())
                    .toList()) ? Entry.ENTERED_FOR_ANOTHER : Entry.FULL;
        }
        if (entry != Entry.FULL) {
            byNetwork.computeIfAbsent(network, _ -> new LinkedHashSet<>()).add(connection);
            count++;
        }
        return entry;
    }

    /** Whoever waits for a request goes first, then whoever does not take what it asked for. */
    private boolean displace(Collection<Set<HttpConnection>> candidates) {
        for (boolean stuck : new boolean[]{false, true}) {
            for (Set<HttpConnection> ofOne : candidates) {
                for (HttpConnection connection : ofOne) {
                    if (connection.cutIfWaiting(stuck)) {
                        leave(connection);
                        return true;
                    }
                }
            }
        }
        return false;
    }

    synchronized void leave(HttpConnection connection) {
        byNetwork.computeIfPresent(network(connection.client()), (_, ofOne) -> {
            if (ofOne.remove(connection)) {
                count--;
            }
            return ofOne.isEmpty() ? null : ofOne;
        });
    }

    synchronized int count() {
        return count;
    }

    synchronized List<HttpConnection> all() {
        List<HttpConnection> all = new ArrayList<>(count);
        byNetwork.values().forEach(all::addAll);
        return all;
    }

    /** Whoever has one address of IPv6 has the others of its network of 64 bits as well (RFC 4291 section 2.5.4). */
    private static ByteBuffer network(InetAddress client) {
        byte[] address = client.getAddress();
        return ByteBuffer.wrap(address, 0, client instanceof Inet6Address ? 8 : address.length);
    }
}
