package dev.postrider.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** An SMTP server on the loopback interface that takes much mail, keeps none of it, and counts. */
public final class CountingSmtpServer implements AutoCloseable {

    /** What it does with a client. */
    public enum Mode {
        TAKE, REFUSE, HANG
    }

    private final ServerSocket socket;
    private final Duration time;
    private final Consumer<String> recipients;
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong messages = new AtomicLong();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Mode mode = Mode.TAKE;
    private volatile Predicate<String> filter = _ -> false;
    private volatile Function<String, Duration> tarpit = _ -> Duration.ZERO;

    private CountingSmtpServer(ServerSocket socket, Duration time, Consumer<String> recipients) {
        this.socket = socket;
        this.time = time;
        this.recipients = recipients;
    }

    /**
     * Starts a server on a port that the system chooses.
     *
     * @param time       how long it takes for each message
     * @param recipients told of each recipient of a message that is taken, on the session's thread
     */
    public static CountingSmtpServer start(Duration time, Consumer<String> recipients) {
        try {
            var server = new CountingSmtpServer(new ServerSocket(0, 500, InetAddress.getLoopbackAddress()), time,
                    recipients);
            Thread.ofVirtual().name("counting-smtp").start(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Does this with clients that come from now on. */
    public CountingSmtpServer mode(Mode next) {
        mode = next;
        return this;
    }

    /** Ends the session with 421 after a message to such a recipient, as content filters do. */
    public CountingSmtpServer filter(Predicate<String> next) {
        filter = next;
        return this;
    }

    /** Takes so much longer for a message to such a recipient. */
    public CountingSmtpServer tarpit(Function<String, Duration> next) {
        tarpit = next;
        return this;
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** How many messages it took. */
    public long messages() {
        return messages.get();
    }

    /** How many connections were made. */
    public int connections() {
        return connections.get();
    }

    /** How many connections are open. */
    public int open() {
        return open.get();
    }

    /** How many connections were open at a time, at most. */
    public int mostOpen() {
        return mostOpen.get();
    }

    @Override
    public void close() {
        closed.countDown();
        quietly(socket);
        sessions.forEach(CountingSmtpServer::quietly);
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket session = socket.accept();
                connections.incrementAndGet();
                mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
                sessions.add(session);
                Thread.ofVirtual().name("counting-smtp-session").start(() -> serve(session));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            switch (mode) {
                case TAKE -> new Session(connection).run();
                case HANG -> hang(connection);
                case REFUSE -> {
                }
            }
            open.decrementAndGet();
            // Whoever reads this may connect again.
            say(connection, mode == Mode.REFUSE ? "421 4.3.2 closed" : "221 2.0.0 bye");
        } catch (IOException e) {
            open.decrementAndGet();
        } finally {
            sessions.remove(connection);
        }
    }

    private static void hang(Socket connection) throws IOException {
        while (connection.getInputStream().read() >= 0) {
            // Says nothing.
        }
        throw new IOException("the client gave up");
    }

    private static void say(Socket connection, String reply) throws IOException {
        connection.getOutputStream().write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private final class Session {
        private final Socket connection;
        private final InputStream in;
        private final OutputStream out;

        Session(Socket connection) throws IOException {
            this.connection = connection;
            this.in = new BufferedInputStream(connection.getInputStream());
            this.out = connection.getOutputStream();
        }

        /** Returns at QUIT. */
        void run() throws IOException {
            say(connection, "220 counting.test ESMTP");
            String recipient = "";
            while (true) {
                String line = line();
                if (line.startsWith("EHLO")) {
                    out.write("250-counting.test\r\n250 8BITMIME\r\n".getBytes(StandardCharsets.US_ASCII));
                } else if (line.startsWith("RCPT")) {
                    recipient = line.substring("RCPT TO:<".length(), line.indexOf('>'));
                    say(connection, "250 2.1.5 ok");
                } else if (line.equals("DATA")) {
                    say(connection, "354 go ahead");
                    content(tarpit.apply(recipient).plus(time));
                    if (filter.test(recipient)) {
                        say(connection, "421 4.7.0 this content is not taken");
                        return;
                    }
                    messages.incrementAndGet();
                    recipients.accept(recipient);
                    say(connection, "250 2.0.0 queued as C1");
                } else if (line.equals("QUIT")) {
                    return;
                } else {
                    say(connection, "250 2.0.0 ok");
                }
            }
        }

        private void content(Duration wait) throws IOException {
            while (!line().equals(".")) {
                // It is not kept.
            }
            try {
                if (!wait.isZero() && closed.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new IOException("closed");
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        private String line() throws IOException {
            var line = new StringBuilder();
            for (int octet = in.read(); octet != '\n'; octet = in.read()) {
                if (octet < 0) {
                    throw new IOException("the client went away");
                }
                if (octet != '\r') {
                    line.append((char) octet);
                }
            }
            return line.toString();
        }
    }

    private static void quietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // It is closed either way.
        }
    }
}
