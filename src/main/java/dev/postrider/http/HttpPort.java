package dev.postrider.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port that answers HTTP/1.1, each connection on a virtual thread. Where all places are taken, whoever waits longest
 * without a request makes room: so idle connections, however many, keep nobody out.
 */
public final class HttpPort implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPort.class);
    private static final Duration MOST_BETWEEN = Duration.ofSeconds(1);
    private static final Duration LEAST_BETWEEN = Duration.ofMillis(10);

    /** Why a connection was closed that its client would have kept. */
    enum Refused {
        /** There was no place, and nobody who could make room. */
        FULL,
        /** It made room for another. */
        DISPLACED,
        /** Its client took too long. */
        SLOW,
        /** It was not a valid request. */
        INVALID
    }

    private final String name;
    private final HttpLimits limits;
    private final Optional<Supplier<Optional<SSLContext>>> tls;
    private final HttpHandler handler;
    private final ServerSocket socket = new ServerSocket();
    private final HttpConnections connections;
    private final Map<Refused, Counter> refused = new EnumMap<>(Refused.class);
    private final Thread watchdog;

    private HttpPort(String name, InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls,
            HttpLimits limits, MeterRegistry meters, HttpHandler handler) throws IOException {
        this.name = name;
        this.limits = limits;
        this.tls = tls;
        this.handler = handler;
        this.connections = new HttpConnections(limits);
        try {
            socket.setReuseAddress(true);
            socket.bind(address, 1024);
        } catch (IOException e) {
            socket.close();
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        for (Refused reason : Refused.values()) {
            refused.put(reason, Counter.builder("postrider.http.refused")
                    .description("HTTP connections that were refused or cut off")
                    .tag("port", name)
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                    .register(meters));
        }
        Gauge.builder("postrider.http.connections", connections, HttpConnections::count)
                .description("HTTP connections that are open")
                .tag("port", name)
                .register(meters);
        this.watchdog = Thread.ofVirtual().name("http-watchdog-" + name).unstarted(this::watch);
    }

    /**
     * Opens a port and answers.
     *
     * @param name    of the port, for metrics
     * @param address with port 0 for one that the system chooses
     * @param tls     what to encrypt with, asked at each connection; empty for plain HTTP
     * @throws IOException if the address cannot be had; the message names it
     */
    public static HttpPort open(String name, InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls,
            HttpLimits limits, MeterRegistry meters, HttpHandler handler) throws IOException {
        HttpPort port = new HttpPort(name, address, tls, limits, meters, handler);
        port.watchdog.start();
        Thread.ofVirtual().name("http-accept-" + name).start(port::accept);
        return port;
    }

    /** The port it listens on. */
    public int port() {
        return socket.getLocalPort();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                welcome(socket.accept());
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    LOG.warn("accept failed on port {}: {}", port(), e.getMessage());
                    pause();
                }
            }
        }
    }

    /** Out of file descriptors, accept fails at once and again: better slowly. */
    private static void pause() {
        try {
            Thread.sleep(Duration.ofMillis(100));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void welcome(Socket client) {
        var connection = new HttpConnection(this, client);
        switch (connections.enter(connection)) {
            case FULL -> {
                count(Refused.FULL);
                connection.cut();
            }
            case ENTERED -> serve(connection);
            case ENTERED_FOR_ANOTHER -> {
                count(Refused.DISPLACED);
                serve(connection);
            }
        }
    }

    private void serve(HttpConnection connection) {
        Thread.ofVirtual().name("http-" + name).start(() -> {
            try {
                connection.run();
            } finally {
                connections.leave(connection);
            }
        });
    }

    private void watch() {
        Duration quarter = limits.shortest().dividedBy(4);
        Duration wanted = quarter.compareTo(MOST_BETWEEN) < 0 ? quarter : MOST_BETWEEN;
        try {
            while (true) {
                Thread.sleep(wanted.compareTo(LEAST_BETWEEN) < 0 ? LEAST_BETWEEN : wanted);
                long now = System.nanoTime();
                for (HttpConnection connection : connections.all()) {
                    if (connection.cutIfOverdue(now)) {
                        count(Refused.SLOW);
                    }
                }
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    void count(Refused reason) {
        Optional.ofNullable(refused.get(reason)).ifPresent(Counter::increment);
    }

    HttpLimits limits() {
        return limits;
    }

    Optional<Supplier<Optional<SSLContext>>> tls() {
        return tls;
    }

    HttpHandler handler() {
        return handler;
    }

    /** Closes the port and breaks off what is under way. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.warn("cannot close port {}: {}", port(), e.getMessage());
        }
        watchdog.interrupt();
        connections.all().forEach(HttpConnection::cut);
    }
}
