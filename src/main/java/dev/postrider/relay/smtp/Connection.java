package dev.postrider.relay.smtp;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * The octets between a client and a session. Replies gather until the session would wait for the client (RFC 2920).
 * Another thread may end it between two mails, or when the client takes too long.
 */
final class Connection implements AutoCloseable {
    private static final Duration GOODBYE = Duration.ofSeconds(1);
    private static final Duration LINGER = Duration.ofSeconds(2);
    /** Octets that are read before it is another session's turn. */
    private static final int TURN = 128 * 1024;
    private static final int MOST_LINGERING = 256 * 1024;

    private final Socket raw;
    private final SmtpLimits.Times times;
    private final Pace pace;
    private final Deadline reading = new Deadline();
    private final Deadline writing = new Deadline();
    private final ReentrantLock output = new ReentrantLock();
    private Socket socket;
    private SmtpInput in;
    private OutputStream out;
    private boolean quiet;
    private boolean ended;
    private volatile boolean expired;
    private volatile boolean waiting;
    private Optional<String> tls = Optional.empty();

    Connection(Socket socket, SmtpLimits.Times times) throws IOException {
        this.raw = socket;
        this.times = times;
        this.pace = new Pace(times);
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(Math.toIntExact(times.idle().toMillis()));
        this.in = new SmtpInput(new Client(socket));
        this.out = new BufferedOutputStream(socket.getOutputStream(), 1024);
    }

    /** Becomes the server of a TLS handshake; what came before it in the clear is forgotten (RFC 3207 section 4.2). */
    void encrypt(SSLContext context, Handshakes handshakes) throws IOException {
        flush();
        long until = pace.handshakeDue();
        var fromClient = new HandshakeInput(raw.getInputStream(), handshakes, raw.getInetAddress(), until);
        var secured = (SSLSocket) context.getSocketFactory().createSocket(raw, fromClient, true);
        writing.at(until);
        try {
            secured.startHandshake();
        } finally {
            fromClient.handshakeOver();
            writing.never();
        }
        output.lock();
        try {
            socket = secured;
            in = new SmtpInput(new Client(secured));
            out = new BufferedOutputStream(secured.getOutputStream(), 1024);
        } finally {
            output.unlock();
        }
        tls = Optional.of(secured.getSession().getProtocol() + " " + secured.getSession().getCipherSuite());
    }

    SmtpInput in() {
        return in;
    }

    Pace pace() {
        return pace;
    }

    Optional<String> tls() {
        return tls;
    }

    InetAddress client() {
        return raw.getInetAddress();
    }

    /** @param betweenMails whether the connection may be ended while it waits for this line */
    Line readLine(boolean betweenMails) throws IOException {
        setQuiet(betweenMails);
        pace.commandLine();
        Line line = in.readLine(SmtpLimits.AUTH_LINE);
        setQuiet(false);
        return line;
    }

    /** What comes over one socket, at the pace that the client must keep. */
    private final class Client implements SmtpInput.Source {
        private final Socket from;
        private int unpaused;

        Client(Socket from) {
            this.from = from;
        }

        @Override
        public int read(byte[] buffer, boolean withinLine) throws IOException {
            flush();
            reading.at(pace.due(withinLine));
            waiting = true;
            try {
                int count = from.getInputStream().read(buffer);
                unpaused += Math.max(0, count);
                if (unpaused >= TURN) {
                    unpaused = 0;
                    leaveCarrier();
                }
                if (!expired) {
                    pace.came(count);
                    return count;
                }
            } catch (SocketException | SSLException e) {
                if (!expired) {
                    throw e;
                }
            } finally {
                waiting = false;
                reading.never();
            }
            throw new SocketTimeoutException("too slow");
        }

        /** A virtual thread whose client sends faster than it reads would never leave its carrier to others. */
        @SuppressWarnings("ThreadPriorityCheck")
        private static void leaveCarrier() {
            Thread.yield();
        }

        @Override
        public int available() throws IOException {
            return from.getInputStream().available();
        }
    }

    /** From another thread: whether the client is to send something. */
    boolean isWaiting() {
        return waiting;
    }

    /** From another thread: ends the wait for a client that takes too long. */
    void endIfOverdue(long now) {
        if (writing.isOver(now)) {
            expired = true;
            closeRaw();
        } else if (reading.isOver(now)) {
            expired = true;
            try {
                // The session can still say why.
                raw.shutdownInput();
            } catch (IOException e) {
                closeRaw();
            }
        }
    }

    private void setQuiet(boolean now) throws IOException {
        output.lock();
        try {
            if (ended) {
                throw new SocketException("ended");
            }
            quiet = now;
        } finally {
            output.unlock();
        }
    }

    void write(String reply) throws IOException {
        output.lock();
        writing.in(times.reply());
        try {
            out.write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
        } finally {
            writing.never();
            output.unlock();
        }
    }

    private void flush() throws IOException {
        output.lock();
        writing.in(times.reply());
        try {
            out.flush();
        } finally {
            writing.never();
            output.unlock();
        }
    }

    /** From another thread: says goodbye and closes. */
    void end(boolean onlyIfQuiet, String goodbye) {
        boolean locked = false;
        try {
            locked = output.tryLock(100, TimeUnit.MILLISECONDS);
            if (ended || (onlyIfQuiet && !(locked && quiet))) {
                return;
            }
            ended = true;
            if (locked) {
                writing.in(GOODBYE);
                out.write((goodbye + "\r\n").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                socket.shutdownOutput();
            }
            raw.close();
        } catch (IOException e) {
            closeRaw();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (locked) {
                writing.never();
                output.unlock();
            }
        }
    }

    /**
     * Ends a conversation in which the client may still be sending: closed with octets unread, TCP resets the
     * connection, and the last reply is lost on the way. So some of them are read and forgotten.
     */
    void linger() throws IOException {
        flush();
        if (tls.isPresent() || expired) {
            return;
        }
        raw.shutdownOutput();
        raw.setSoTimeout(Math.toIntExact(LINGER.toMillis()));
        reading.in(LINGER);
        try {
            byte[] forgotten = new byte[4096];
            int left = MOST_LINGERING;
            for (int count = 0; count >= 0 && left > 0; left -= count) {
                count = raw.getInputStream().read(forgotten);
            }
        } catch (SocketTimeoutException e) {
            // Long enough.
        } finally {
            reading.never();
        }
    }

    @Override
    public void close() {
        try {
            flush();
            writing.in(GOODBYE);
            socket.close();
        } catch (IOException e) {
            closeRaw();
        } finally {
            writing.never();
        }
    }

    private void closeRaw() {
        try {
            raw.close();
        } catch (IOException e) {
            // It is gone, which was the aim.
        }
    }
}
