package dev.postrider.relay.smtp;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * The octets between a client and a session. Replies gather until the session would wait for the client (RFC 2920).
 * Another thread may end it between two mails.
 */
final class Connection implements AutoCloseable {
    private final Socket raw;
    private final ReentrantLock writing = new ReentrantLock();
    private Socket socket;
    private SmtpInput in;
    private OutputStream out;
    private boolean quiet;
    private boolean ended;
    private Optional<String> tls = Optional.empty();

    Connection(Socket socket, Duration idle) throws IOException {
        this.raw = socket;
        this.socket = socket;
        socket.setSoTimeout(Math.toIntExact(idle.toMillis()));
        this.in = new SmtpInput(socket.getInputStream(), this::flush);
        this.out = new BufferedOutputStream(socket.getOutputStream(), 1024);
    }

    /** Becomes the server of a TLS handshake; what came before it in the clear is forgotten (RFC 3207 section 4.2). */
    void encrypt(SSLContext context) throws IOException {
        flush();
        var secured = (SSLSocket) context.getSocketFactory()
                .createSocket(raw, raw.getInetAddress().getHostAddress(), raw.getPort(), true);
        secured.setUseClientMode(false);
        secured.startHandshake();
        writing.lock();
        try {
            socket = secured;
            in = new SmtpInput(secured.getInputStream(), this::flush);
            out = new BufferedOutputStream(secured.getOutputStream(), 1024);
        } finally {
            writing.unlock();
        }
        tls = Optional.of(secured.getSession().getProtocol() + " " + secured.getSession().getCipherSuite());
    }

    SmtpInput in() {
        return in;
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
        Line line = in.readLine(SmtpLimits.AUTH_LINE);
        setQuiet(false);
        return line;
    }

    private void setQuiet(boolean now) throws IOException {
        writing.lock();
        try {
            if (ended) {
                throw new SocketException("ended");
            }
            quiet = now;
        } finally {
            writing.unlock();
        }
    }

    void write(String reply) throws IOException {
        writing.lock();
        try {
            out.write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
        } finally {
            writing.unlock();
        }
    }

    private void flush() throws IOException {
        writing.lock();
        try {
            out.flush();
        } finally {
            writing.unlock();
        }
    }

    /** From another thread: says goodbye and closes. */
    void end(boolean onlyIfQuiet, String goodbye) {
        boolean locked = false;
        try {
            locked = writing.tryLock(100, TimeUnit.MILLISECONDS);
            if (ended || (onlyIfQuiet && !(locked && quiet))) {
                return;
            }
            ended = true;
            if (locked) {
                write(goodbye);
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
                writing.unlock();
            }
        }
    }

    @Override
    public void close() {
        try {
            flush();
            socket.close();
        } catch (IOException e) {
            closeRaw();
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
