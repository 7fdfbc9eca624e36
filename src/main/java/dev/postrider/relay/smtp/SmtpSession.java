package dev.postrider.relay.smtp;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One session from its connection to its end: command lines one after the other, within the bounds. */
final class SmtpSession implements Runnable, Places.Occupant {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpSession.class);

    private final SmtpListener listener;
    private final SmtpLimits limits;
    private final Socket socket;
    private final SmtpListener.Start start;
    private final Places.Place place;
    private volatile @Nullable Connection connection;
    private volatile @Nullable Thread thread;

    SmtpSession(SmtpListener listener, Socket socket, SmtpListener.Start start, Places.Place place) {
        this.listener = listener;
        this.limits = listener.settings().limits();
        this.socket = socket;
        this.start = start;
        this.place = place;
    }

    /** Refuses a connection that there is no place for, without a thread of its own. */
    static void turnAway(Socket socket, SmtpListener.Start start, String reply) {
        try (socket) {
            if (start == SmtpListener.Start.PLAIN) {
                // A few octets into the empty buffer of a new socket: this cannot block.
                socket.getOutputStream().write((reply + "\r\n").getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            LOG.debug("{} is gone before it was turned away: {}", socket.getInetAddress(), e.getMessage());
        }
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try (place; Connection opened = new Connection(socket, limits.times())) {
            connection = opened;
            if (place.occupy(this)) {
                begin(opened);
            }
        } catch (SSLException e) {
            LOG.debug("TLS with {} failed: {}", socket.getInetAddress(), e.getMessage());
        } catch (IOException e) {
            LOG.debug("session of {} broke off: {}", socket.getInetAddress(), e.getMessage());
        }
    }

    /** From another thread: ends the session if it is between two mails. */
    void endIfQuiet() {
        end(true);
    }

    /** From another thread: ends the session. */
    void end() {
        end(false);
    }

    private void end(boolean onlyIfQuiet) {
        end(onlyIfQuiet, "421 4.3.2 " + listener.settings().hostName() + " is shutting down");
    }

    private void end(boolean onlyIfQuiet, String goodbye) {
        Connection open = connection;
        if (open != null) {
            open.end(onlyIfQuiet, goodbye);
        }
    }

    @Override
    public boolean isWaiting() {
        Connection open = connection;
        return open != null && open.isWaiting();
    }

    @Override
    public void makeRoom(String reply, boolean atOnce) {
        Thread.ofVirtual().start(() -> {
            end(false, "421 " + reply);
            Thread running = thread;
            if (atOnce && running != null) {
                // It may wait for a handshake or for the check of a login.
                running.interrupt();
            }
        });
    }

    /** From another thread: ends the wait for a client that takes too long. */
    void endIfOverdue(long now) {
        Connection open = connection;
        if (open != null) {
            open.endIfOverdue(now);
        }
    }

    private void begin(Connection open) throws IOException {
        if (listener.policy().authentication() == SubmissionPolicy.Authentication.REQUIRED) {
            open.pace().awaitLogin();
        }
        if (start == SmtpListener.Start.TLS) {
            Optional<SSLContext> context = listener.tls();
            if (context.isEmpty()) {
                return;
            }
            open.encrypt(context.get(), listener.handshakes());
        }
        var replies = new Replies(open, at -> listener.policy().refused(place.user(), at));
        try {
            converse(open, replies);
        } catch (SocketTimeoutException e) {
            replies.close(421, "4.4.2", listener.settings().hostName() + " timed out waiting for you");
        }
        if (replies.isAbrupt()) {
            open.linger();
        }
    }

    private void converse(Connection open, Replies replies) throws IOException {
        var transaction = new MailTransaction(listener, open, replies, place);
        var commands = new SmtpCommands(listener, open, replies, place, transaction);
        replies.say(220, "", listener.settings().hostName() + " ESMTP Postrider");
        while (!replies.isOver()) {
            switch (open.readLine(!transaction.isOpen())) {
                case Line.End() -> replies.hangUp();
                case Line.Broken() -> replies.close(500, "5.5.2", "lines must end with CR LF and hold no NUL");
                case Line.TooLong() -> replies.say(500, "5.5.2", "line too long");
                case Line.Text text -> commands.obey(text);
            }
            if (replies.isOver()) {
                return;
            }
            if (replies.bad() >= limits.badCommands()) {
                replies.close(421, "4.7.0", "too many bad commands");
            } else if (transaction.commandsSinceLast() >= limits.commandsPerMessage()) {
                replies.close(421, "4.7.0", "too many commands without a mail");
            }
        }
    }
}
