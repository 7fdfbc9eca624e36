package dev.postrider.relay.smtp;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on any number of ports and gives each a virtual thread. */
public final class SmtpListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpListener.class);

    /** How a port begins. */
    public enum Start {
        /** In the clear, with STARTTLS offered where there is a certificate (RFC 3207, RFC 6409). */
        PLAIN,
        /** With TLS from the first octet (RFC 8314 section 3.3). */
        TLS
    }

    private final ListenerSettings settings;
    private final SubmissionPolicy policy;
    private final Supplier<Optional<SSLContext>> tls;
    private final List<ServerSocket> ports = new ArrayList<>();
    private final Set<SmtpSession> sessions = ConcurrentHashMap.newKeySet();
    private final Places places;
    private final Handshakes handshakes;
    private final Watchdog watchdog;
    private volatile boolean stopping;

    /** @param tls asked at each handshake, so that a new certificate takes effect without a restart */
    public SmtpListener(ListenerSettings settings, SubmissionPolicy policy, Supplier<Optional<SSLContext>> tls,
            MeterRegistry meters) {
        this.settings = settings;
        this.policy = policy;
        this.tls = tls;
        this.places = new Places(settings.limits().sessions(),
                policy.authentication() == SubmissionPolicy.Authentication.REQUIRED, meters);
        this.handshakes = new Handshakes(meters);
        this.watchdog = new Watchdog(sessions, settings.limits().times());
        Gauge.builder("postrider.sessions", sessions, Set::size)
                .description("SMTP sessions that are open")
                .register(meters);
    }

    /**
     * Opens a port.
     *
     * @param address with port 0 for one that the system chooses
     * @return the port
     * @throws IOException if it cannot be had; the message names the address
     */
    public synchronized int listen(InetSocketAddress address, Start start) throws IOException {
        var port = new ServerSocket();
        try {
            port.setReuseAddress(true);
            port.bind(address, 1024);
        } catch (IOException e) {
            port.close();
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        if (ports.isEmpty()) {
            watchdog.start();
        }
        ports.add(port);
        Thread.ofVirtual().name("smtp-accept-" + port.getLocalPort()).start(() -> accept(port, start));
        return port.getLocalPort();
    }

    /** Whether all ports take connections. */
    public synchronized boolean isListening() {
        return !ports.isEmpty() && ports.stream().noneMatch(ServerSocket::isClosed);
    }

    private void accept(ServerSocket port, Start start) {
        while (!port.isClosed()) {
            try {
                welcome(port.accept(), start);
            } catch (IOException e) {
                if (!port.isClosed()) {
                    LOG.warn("accept failed on port {}: {}", port.getLocalPort(), e.getMessage());
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

    private void welcome(Socket socket, Start start) {
        switch (places.enter(socket.getInetAddress())) {
            case Places.Full(String reply) -> {
                policy.refused(Optional.empty(), "connection");
                SmtpSession.turnAway(socket, start, reply);
            }
            case Places.Place place -> {
                var session = new SmtpSession(this, socket, start, place);
                sessions.add(session);
                Thread.ofVirtual().name("smtp-" + socket.getPort()).start(() -> {
                    try {
                        session.run();
                    } finally {
                        sessions.remove(session);
                    }
                });
            }
        }
    }

    /**
     * Closes the ports, ends sessions that are between mails, and lets the others finish theirs.
     *
     * @param grace after which the rest hears 421 and is closed; what was not answered with 250 is not kept
     */
    public void stop(Duration grace) {
        stopping = true;
        closePorts();
        sessions.forEach(SmtpSession::endIfQuiet);
        long end = System.nanoTime() + grace.toNanos();
        try {
            while (!sessions.isEmpty() && System.nanoTime() < end) {
                sessions.forEach(SmtpSession::endIfQuiet);
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sessions.forEach(SmtpSession::end);
        watchdog.close();
    }

    private synchronized void closePorts() {
        for (ServerSocket port : ports) {
            try {
                port.close();
            } catch (IOException e) {
                LOG.warn("cannot close port {}: {}", port.getLocalPort(), e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    Handshakes handshakes() {
        return handshakes;
    }

    boolean isStopping() {
        return stopping;
    }

    ListenerSettings settings() {
        return settings;
    }

    /** Octets that a message of this client may have at most. */
    long messageSize(Optional<String> user) {
        return Math.min(settings.limits().messageSize(), policy.messageSize(user));
    }

    SubmissionPolicy policy() {
        return policy;
    }

    Optional<SSLContext> tls() {
        return tls.get();
    }

}
