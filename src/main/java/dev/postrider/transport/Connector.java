package dev.postrider.transport;

import dev.postrider.route.CertificateNames;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Proxy;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/** Makes the TCP connection to a server, through its proxy if it has one. */
record Connector(Endpoint.Smtp endpoint, EgressPolicy policy, Dialogue dialogue) {

    /**
     * A connection to a server.
     *
     * @param address that was connected to, the server's or the proxy's
     * @param server  host, port and the address that answered, for people
     */
    record Connection(Socket socket, InetAddress address, String server) {}

    /**
     * Connects, each address within the connect timeout.
     *
     * @throws RefusedException with NameResolution, Connection or Timeout
     */
    Connection connect() throws RefusedException {
        Optional<Proxy> proxy = endpoint.proxy();
        return proxy.isPresent() ? through(proxy.get()) : direct();
    }

    private Connection direct() throws RefusedException {
        List<InetAddress> addresses = resolve(endpoint.host(), "spec.smtp.host");
        try {
            HappyEyeballs.Connected connected = HappyEyeballs.connect(addresses, endpoint.port(),
                    endpoint.connectTimeout());
            String address = connected.address().getHostAddress();
            dialogue.note("connected to " + address + " port " + endpoint.port());
            return new Connection(connected.socket(), connected.address(), endpoint.display() + " (" + address + ")");
        } catch (HappyEyeballs.NoConnectionException e) {
            throw noConnection(e, endpoint.display(), "spec.smtp.host and spec.smtp.port, that the server runs, and "
                    + "that firewalls and network policies let Postrider reach it");
        }
    }

    private Connection through(Proxy proxy) throws RefusedException {
        List<InetAddress> addresses = resolve(proxy.host(), "spec.smtp.proxy.host");
        if (CertificateNames.isAddress(endpoint.host())) {
            // A name is the proxy's to resolve.
            resolve(endpoint.host(), "spec.smtp.host");
        }
        HappyEyeballs.Connected connected;
        try {
            connected = HappyEyeballs.connect(addresses, proxy.port(), endpoint.connectTimeout());
        } catch (HappyEyeballs.NoConnectionException e) {
            throw noConnection(e, "the proxy " + proxy.display(), "spec.smtp.proxy.host and spec.smtp.proxy.port, and "
                    + "that the proxy runs");
        }
        Socket socket = connected.socket();
        try (var deadline = new Deadline(endpoint.connectTimeout(), socket)) {
            try {
                new ProxyTunnel(proxy, endpoint.host(), endpoint.port()).open(socket);
            } catch (IOException e) {
                quietly(socket);
                throw deadline.hasPassed() || e instanceof SocketTimeoutException
                        ? new RefusedException(Step.Timeout, "the proxy " + proxy.display() + " took longer than "
                                + Durations.write(endpoint.connectTimeout()) + " to connect to " + endpoint.display()
                                + "; check spec.smtp.host and spec.smtp.port, or raise spec.smtp.connectTimeout")
                        : new RefusedException(Step.Connection, e instanceof ProxyTunnel.RefusedByProxyException
                                ? "the proxy " + proxy.display() + " does not connect to " + endpoint.display() + ": "
                                        + e.getMessage()
                                : "the connection to the proxy " + proxy.display() + " broke: " + e.getMessage()
                                        + "; check spec.smtp.proxy.type and port",
                                e);
            }
        }
        dialogue.note("connected through the proxy " + proxy.display());
        return new Connection(socket, connected.address(), endpoint.display() + " (through " + proxy.display() + ")");
    }

    private List<InetAddress> resolve(String host, String field) throws RefusedException {
        try {
            return policy.permitted(NameLookup.addresses(host));
        } catch (EgressPolicy.RefusedAddressException e) {
            throw new RefusedException(Step.Connection, "no connection is made to \"" + host + "\" (" + field + "): "
                    + e.getMessage(), e);
        } catch (UnknownHostException e) {
            throw new RefusedException(Step.NameResolution, host.indexOf('%') >= 0
                    ? "\"" + host + "\" names a network interface that is not there; check " + field
                    : "the name \"" + host + "\" has no address; check " + field + ", or the DNS of the cluster");
        }
    }

    private RefusedException noConnection(HappyEyeballs.NoConnectionException failure, String where, String check) {
        failure.failures().forEach(address -> dialogue.note("no connection to " + address));
        return new RefusedException(failure.isTimeout() ? Step.Timeout : Step.Connection,
                "cannot connect to " + where + " (" + failure.getMessage() + "); check " + check);
    }

    private static void quietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed either way.
        }
    }
}
