package dev.postrider.transport;

import dev.postrider.route.CertificateNames;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Tls;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketImpl;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
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
    private static final Duration LEAST_FOR_GREETING = Duration.ofSeconds(10);
    private static final String TLS_1_3 = "TLSv1.3";
    private static final String TLS_1_2 = "TLSv1.2";

    private final Endpoint.Smtp endpoint;
    private final EgressPolicy policy;
    private final Socket raw;
    private final Connector.Connection connection;
    private final Optional<SSLContext> context;
    private final Dialogue dialogue;
    private Socket current;
    private @Nullable Tls tls;
    private final Duration connecting;
    private int received;
    private byte[] beginning = new byte[0];
    private boolean greeted;
    private @Nullable Greeting greeting;
    private volatile boolean timedOut;

    private Wire(Endpoint.Smtp endpoint, EgressPolicy policy, Connector.Connection connection,
            Optional<SSLContext> context, Dialogue dialogue, Duration connecting) throws IOException {
        super((SocketImpl) null);
        this.endpoint = endpoint;
        this.policy = policy;
        this.raw = connection.socket();
        this.connection = connection;
        this.context = context;
        this.dialogue = dialogue;
        this.current = raw;
        this.connecting = connecting;
    }

    /**
     * Connects.
     *
     * @param policy  where it may go
     * @param context what the connection is encrypted with, if it may be
     * @throws RefusedException with NameResolution, Connection or Timeout
     */
    static Wire connect(Endpoint.Smtp endpoint, EgressPolicy policy, Optional<SSLContext> context, Dialogue dialogue)
            throws RefusedException {
        long start = System.nanoTime();
        Connector.Connection connection = new Connector(endpoint, policy, dialogue).connect();
        try {
            return new Wire(endpoint, policy, connection, context, dialogue,
                    Duration.ofNanos(System.nanoTime() - start));
        } catch (IOException e) {
            throw new IllegalStateException("a socket without an implementation cannot fail", e);
        }
    }

    /**
     * Encrypts what follows, and checks the server's certificate as declared.
     *
     * @throws IOException if the server cannot or may not be spoken to; {@link CertificateRefusedException#in} may say
     *                     more
     */
    void encrypt() throws IOException {
        try (var _ = deadline(endpoint.tlsTimeout())) {
            SSLSocket socket = handshake(endpoint,
                    context.orElseThrow(() -> new IOException("this connection is not to be encrypted")), raw);
            tls = new Tls(socket.getSession().getProtocol(), socket.getSession().getCipherSuite());
            dialogue.note("encrypted with " + tls.protocol() + ", " + tls.cipher());
            current = socket;
        }
    }

    /** Encrypts a connection to a server. */
    static SSLSocket handshake(Endpoint.Smtp endpoint, SSLContext context, Socket connection) throws IOException {
        String name = endpoint.certificateName();
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(connection, name, endpoint.port(), true);
        socket.setEnabledProtocols(endpoint.tls().minimumVersion().equals(TLS_1_3)
                ? new String[]{TLS_1_3}
                : new String[]{TLS_1_3, TLS_1_2});
        if (endpoint.tls().serverName().isPresent() && !CertificateNames.isAddress(name)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            socket.setSSLParameters(parameters);
        }
        socket.startHandshake();
        return socket;
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
        return new Deadline(time, raw, () -> timedOut = true);
    }

    /**
     * Bounds the server's greeting: by what is left of the time to connect, but not less than some seconds of it. Closed
     * when the greeting is there.
     */
    Wait greeting() {
        Duration least = endpoint.connectTimeout().compareTo(LEAST_FOR_GREETING) < 0
                ? endpoint.connectTimeout()
                : LEAST_FOR_GREETING;
        Duration left = endpoint.connectTimeout().minus(connecting);
        Greeting wait = new Greeting(endpoint, policy, dialogue.isRecording(), this::cut);
        greeting = wait;
        Deadline deadline = deadline(left.compareTo(least) < 0 ? least : left);
        return () -> {
            deadline.close();
            wait.close();
        };
    }

    /** Ends a wait. */
    interface Wait extends AutoCloseable {
        @Override
        void close();
    }

    /** Whether the server has said a line. */
    boolean hasGreeted() {
        return greeted;
    }

    /** Whether the server was found to speak TLS from the first octet, where a greeting in the clear was expected. */
    boolean speaksTls() {
        return tls == null && endpoint.security() != Endpoint.Security.TLS
                && (Greeting.isTls(beginning)
                        || beginning.length == 0 && greeting != null && greeting.speaksTls());
    }

    /** The connection itself, encrypted if it is, for what bounds its answers by itself. */
    Socket current() {
        return current;
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
                    begin(bytes, offset, count);
                    dialogue.received(bytes, offset, count);
                }
                return count;
            }
        };
    }

    private void begin(byte[] bytes, int offset, int count) {
        if (beginning.length < 2) {
            byte[] longer = Arrays.copyOf(beginning, Math.min(2, beginning.length + count));
            System.arraycopy(bytes, offset, longer, beginning.length, longer.length - beginning.length);
            beginning = longer;
        }
        for (int i = offset; i < offset + count && !greeted; i++) {
            greeted = bytes[i] == '\n';
        }
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
            InetAddress address = connection.address();
            return address instanceof Inet6Address six
                    ? Inet6Address.getByAddress(endpoint.host(), six.getAddress(), six.getScopeId())
                    : InetAddress.getByAddress(endpoint.host(), address.getAddress());
        } catch (UnknownHostException e) {
            return connection.address();
        }
    }

    /** Host, port and the address that answered, for people. */
    String server() {
        return connection.server();
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

    private static void quietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed either way.
        }
    }
}
