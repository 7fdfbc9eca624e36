package dev.postrider.relay.sink;

import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.ListenerSettings;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/** An SMTP server that takes all mail and keeps it in memory. */
public final class Sink implements AutoCloseable {

    /**
     * How a sink behaves.
     *
     * @param address where it listens, port 0 for one that the system chooses
     * @param start   whether its port begins with TLS
     * @param tls     its certificate; without one there is no STARTTLS
     * @param login   the only one that may send; without one all may, and any login is welcome
     */
    public record Options(InetSocketAddress address, SmtpListener.Start start, Optional<SSLContext> tls,
            Optional<Login> login) {
        /** Takes everything, in the clear. */
        public static Options open(InetSocketAddress address) {
            return new Options(address, SmtpListener.Start.PLAIN, Optional.empty(), Optional.empty());
        }
    }

    /** A user name and password; AUTH then works without TLS as well. */
    public record Login(String user, String password) {
        @Override
        public String toString() {
            return "Login[user=" + user + "]";
        }
    }

    private final SmtpListener listener;
    private final int port;
    private final Consumer<ReceivedMail> onMail;
    private final List<ReceivedMail> mails = new ArrayList<>();
    private final AtomicLong numbers = new AtomicLong();

    private Sink(Options options, Consumer<ReceivedMail> onMail) throws IOException {
        this.onMail = onMail;
        this.listener = new SmtpListener(new ListenerSettings("sink.localhost", SmtpLimits.DEFAULT, true),
                new Everything(options.login()), options::tls, new SimpleMeterRegistry());
        this.port = listener.listen(options.address(), options.start());
    }

    /**
     * Opens a sink.
     *
     * @param onMail told of each mail before its sender is, on the session's thread
     * @throws IOException if the address cannot be had
     */
    public static Sink open(Options options, Consumer<ReceivedMail> onMail) throws IOException {
        return new Sink(options, onMail);
    }

    /** The port it listens on. */
    public int port() {
        return port;
    }

    /** What has come so far, in the order of arrival. */
    public List<ReceivedMail> mails() {
        synchronized (mails) {
            return List.copyOf(mails);
        }
    }

    /**
     * Waits until this many mails have come.
     *
     * @return all that have come by then, fewer if the time was over first
     */
    public List<ReceivedMail> await(int count, Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        synchronized (mails) {
            for (long left = atMost.toMillis(); mails.size() < count && left > 0; left = (end - System.nanoTime())
                    / 1_000_000) {
                mails.wait(left);
            }
            return List.copyOf(mails);
        }
    }

    @Override
    public void close() {
        listener.close();
    }

    private final class Everything implements SubmissionPolicy {
        private final Optional<Login> login;

        Everything(Optional<Login> login) {
            this.login = login;
        }

        @Override
        public Authentication authentication() {
            return login.isPresent() ? Authentication.REQUIRED : Authentication.OPTIONAL;
        }

        @Override
        public Admission admit(String user, String password) {
            return Admission.when(login.isEmpty() || (login.get().user().equals(user)
                    && MessageDigest.isEqual(login.get().password().getBytes(StandardCharsets.UTF_8),
                            password.getBytes(StandardCharsets.UTF_8))),
                    user);
        }

        @Override
        public Optional<Refusal> refusal(Optional<String> user) {
            return Optional.empty();
        }

        @Override
        public IncomingMessage open(Submission submission) {
            return new Kept(submission, "sink-" + numbers.incrementAndGet());
        }
    }

    private final class Kept implements IncomingMessage {
        private final Submission submission;
        private final String id;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();

        Kept(Submission submission, String id) {
            this.submission = submission;
            this.id = id;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public OutputStream content() {
            return content;
        }

        @Override
        public void commit(boolean eightBit) {
            var mail = new ReceivedMail(submission, content.toString(StandardCharsets.ISO_8859_1));
            onMail.accept(mail);
            synchronized (mails) {
                mails.add(mail);
                mails.notifyAll();
            }
        }

        @Override
        public void close() {}
    }
}
