package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import dev.postrider.route.TestResult.Tls;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection to an upstream server, as Angus Mail gets to see it: encrypts itself when told to, writes down the
 * dialogue, and bounds what the other side may take. Time is bounded by deadlines: whatever is under way when one
 * passes ends because the socket is closed, however slowly the other side still sends. So a server that sends one
 * octet a second gains nothing, which a socket's read timeout would let it do.
 */
final class Wire extends Socket {
    /** A longest reply: RFC 5321 section 4.5.3.1.5 allows 512 octets a line. */
    private static final int MAX_REPLY = 64 * 1024;
    private static final String[] TLS_VERSIONS = {"TLSv1.3", "TLSv1.2"};
    private static final ScheduledThreadPoolExecutor DEADLINES = deadlines();

    private final Endpoint.Smtp endpoint;
    private final Socket raw;
    private final InetAddress address;
    private final CertificateCheck certificates;
    private final Dialogue dialogue;
    private Socket current;
    private @Nullable Tls tls;
    private int received;
    private volatile boolean timedOut;

    private Wire(Endpoint.Smtp endpoint, Socket raw, InetAddress address, CertificateCheck certificates,
            Dialogue dialogue) throws IOException {
        super((SocketImpl) null);
        this.endpoint = endpoint;
        this.raw = raw;
        this.address = address;
        this.certificates = certificates;
        this.dialogue = dialogue;
        this.current = raw;
    }

    /** Something that must be closed before its time has passed. */
    @FunctionalInterface
    interface Deadline extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Connects to the first of the host's addresses that answers, each within the connect timeout.
     *
     * @throws RefusedException with NameResolution, Connection or Timeout; with Certificate if the authorities to check
     *                          against cannot be read
     */
    static Wire connect(Endpoint.Smtp endpoint, Dialogue dialogue) throws RefusedException {
        CertificateCheck certificates = CertificateCheck.against(endpoint.certificateAuthorities());
        List<String> failures = new ArrayList<>();
        boolean onlyTimeouts = true;
        for (InetAddress address : resolve(endpoint)) {
            Socket socket = new Socket();
            try {
                // Angus writes a command in small pieces; with Nagle's algorithm each would wait for a delayed ACK.
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(address, endpoint.port()), millis(endpoint.connectTimeout()));
                dialogue.note("connected to " + address.getHostAddress() + " port " + endpoint.port());
                return new Wire(endpoint, socket, address, certificates, dialogue);
            } catch (IOException e) {
                onlyTimeouts &= e instanceof SocketTimeoutException;
                failures.add(address.getHostAddress() + ": " + e.getMessage());
                quietly(socket);
            }
        }
        failures.forEach(failure -> dialogue.note("no connection to " + failure));
        throw new RefusedException(onlyTimeouts ? Step.Timeout : Step.Connection,
                "cannot connect to " + endpoint.display() + " (" + String.join("; ", failures)
                        + "); check spec.smtp.host and spec.smtp.port, that the server runs, and that firewalls and "
                        + "network policies let Postrider reach it");
    }

    private static InetAddress[] resolve(Endpoint.Smtp endpoint) throws RefusedException {
        try {
            return InetAddress.getAllByName(endpoint.host());
        } catch (UnknownHostException e) {
            throw new RefusedException(Step.NameResolution, "the name \"" + endpoint.host()
                    + "\" has no address; check spec.smtp.host, or the DNS of the cluster");
        }
    }

    /**
     * Encrypts what follows, and checks the server's certificate and name, always.
     *
     * @throws IOException if the server cannot or may not be spoken to; {@link #certificateRefusal} may say more
     */
    void encrypt() throws IOException {
        try (var _ = deadline(endpoint.replyTimeout())) {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[]{certificates}, new SecureRandom());
            SSLSocket socket = (SSLSocket) context.getSocketFactory()
                    .createSocket(raw, peerName(), raw.getPort(), true);
            socket.setEnabledProtocols(TLS_VERSIONS);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            tls = new Tls(socket.getSession().getProtocol(), socket.getSession().getCipherSuite());
            dialogue.note("encrypted with " + tls.protocol() + ", " + tls.cipher());
            current = socket;
        } catch (GeneralSecurityException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** The host as a certificate names it: without the root's dot or an address's zone. */
    private String peerName() {
        String host = endpoint.host();
        int zone = host.indexOf('%');
        return zone >= 0 ? host.substring(0, zone) : host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    /** Why the server's certificate was refused; empty if it was not. */
    Optional<String> certificateRefusal() {
        return certificates.refusal();
    }

    /** How the connection is encrypted; empty if it is not. */
    Optional<Tls> tls() {
        return Optional.ofNullable(tls);
    }

    /** Whether a deadline passed, and closed the connection. */
    boolean timedOut() {
        return timedOut;
    }

    /** Closes the connection when this much time passes before the deadline is closed. */
    Deadline deadline(Duration time) {
        received = 0;
        Future<?> closing = DEADLINES.schedule(() -> {
            timedOut = true;
            quietly(raw);
        }, millis(time), TimeUnit.MILLISECONDS);
        return () -> closing.cancel(false);
    }

    /** Cuts the connection without a word. */
    void cut() {
        quietly(raw);
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(current.getInputStream()) {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (received > MAX_REPLY) {
                    throw new IOException("the reply is longer than " + MAX_REPLY + " octets");
                }
                int count = super.read(bytes, offset, length);
                if (count > 0) {
                    received += count;
                    dialogue.received(bytes, offset, count);
                }
                return count;
            }
        };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return new FilterOutputStream(current.getOutputStream()) {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[]{(byte) octet}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                dialogue.sent(bytes, offset, length);
                try (var _ = deadline(endpoint.replyTimeout())) {
                    out.write(bytes, offset, length);
                }
            }
        };
    }

    /** The address that answered, under the name that was asked for: Angus must not look that up in reverse. */
    @Override
    public InetAddress getInetAddress() {
        try {
            return address instanceof Inet6Address six
                    ? Inet6Address.getByAddress(endpoint.host(), six.getAddress(), six.getScopeId())
                    : InetAddress.getByAddress(endpoint.host(), address.getAddress());
        } catch (UnknownHostException e) {
            return address;
        }
    }

    /** Host, port and the address that answered, for people. */
    String server() {
        return endpoint.display() + " (" + address.getHostAddress() + ")";
    }

    @Override
    public int getPort() {
        return raw.getPort();
    }

    @Override
    public InetAddress getLocalAddress() {
        return raw.getLocalAddress();
    }

    @Override
    public boolean isBound() {
        return raw.isBound();
    }

    @Override
    public boolean isClosed() {
        return raw.isClosed();
    }

    @Override
    public void close() throws IOException {
        try {
            current.close();
        } finally {
            raw.close();
        }
    }

    private static int millis(Duration time) {
        return Math.clamp(time.toMillis(), 1, Integer.MAX_VALUE);
    }

    private static void quietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed either way.
        }
    }

    private static ScheduledThreadPoolExecutor deadlines() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1,
                Thread.ofPlatform().daemon().name("transport-deadlines").factory());
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
