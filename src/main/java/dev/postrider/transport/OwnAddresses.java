package dev.postrider.transport;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Addresses of an installation's own services: those of this machine, and those that names stand for. A name that
 * is not known at the moment stands for the addresses that it had last. Loopback is left out: that has a rule of its own.
 */
public final class OwnAddresses implements Supplier<Set<InetAddress>> {
    private final List<String> names;
    private final Set<InetAddress> interfaces;
    private final Map<String, Set<InetAddress>> known = new ConcurrentHashMap<>();

    OwnAddresses(Collection<String> names) {
        this.names = List.copyOf(names);
        this.interfaces = interfaces();
    }

    /**
     * Those of the installation that this process belongs to.
     *
     * @param relay     name of the relay's Service, which there is only in a cluster
     * @param apiServer host of the API server, as this process calls it
     * @param stores    URLs, or hosts with their ports, that only the installation itself has a reason to call: its
     *                  database, where attachments are kept, its virus scanner, its collector of traces
     */
    public static OwnAddresses ofInstallation(String relay, String apiServer, Collection<String> stores) {
        // Outside of a cluster its names have no meaning, and each lookup may take its time.
        Stream<String> inCluster = System.getenv("KUBERNETES_SERVICE_HOST") == null
                ? Stream.of()
                : Stream.of(relay, "kubernetes.default.svc");
        return new OwnAddresses(Stream.of(Stream.of(apiServer), inCluster, stores.stream().flatMap(OwnAddresses::hosts))
                .flatMap(names -> names)
                .distinct()
                .toList());
    }

    /** The hosts of a URL, of which that of a database may have several, or of {@code host:port}; none of a file. */
    static Stream<String> hosts(String store) {
        return store.startsWith("unix:")
                ? Stream.of()
                : Arrays.stream(store.replaceFirst("^[A-Za-z][A-Za-z0-9+.-]*://", "")
                        .replaceFirst("[/?#].*$", "")
                        .replaceFirst("^.*@", "")
                        .split(","))
                        .map(host -> host.replaceFirst(":[0-9]*$", "").replaceAll("^\\[|]$", ""))
                        .filter(host -> !host.isEmpty());
    }

    private static Set<InetAddress> interfaces() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException e) {
            return Set.of();
        }
    }

    @Override
    public Set<InetAddress> get() {
        return Stream.concat(interfaces.stream(), names.stream().map(this::addresses).flatMap(Set::stream))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The JDK keeps what it looked up for half a minute. */
    private Set<InetAddress> addresses(String name) {
        try {
            Set<InetAddress> now = Arrays.stream(InetAddress.getAllByName(name))
                    .filter(address -> !address.isLoopbackAddress())
                    .collect(Collectors.toUnmodifiableSet());
            known.put(name, now);
            return now;
        } catch (UnknownHostException e) {
            return known.getOrDefault(name, Set.of());
        }
    }
}
