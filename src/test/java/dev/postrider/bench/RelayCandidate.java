package dev.postrider.bench;

import dev.postrider.route.DkimKey;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A relay that is measured. */
interface RelayCandidate extends AutoCloseable {
    /** From the start of the program to its first 250. */
    Duration PATIENCE = Duration.ofMinutes(2);

    /**
     * How a relay is set up.
     *
     * @param login whether clients must speak TLS and log in
     * @param dkim  what its mail is signed with
     */
    record Setup(boolean login, Optional<DkimKey> dkim) {
        static final Setup PLAIN = new Setup(false, Optional.empty());
    }

    String name();

    /** Where clients begin in the clear, with STARTTLS where they must log in. */
    int port();

    /** The processes that all others of it are below, those of its helpers included. */
    List<Long> pids();

    /** From the start of the program to the first 250 for a message. */
    Duration untilFirstReply();

    /** Ends all of it at once, as a crash does (SIGKILL). */
    void kill() throws IOException, InterruptedException;

    /** Starts it again after that, with the same queue. */
    void restart() throws IOException;

    @Override
    void close() throws IOException;

    /** User and system time so far. */
    default Duration cpu() {
        return pids().stream().map(Processes::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    default long mebibytes() {
        return pids().stream().mapToLong(Processes::mebibytes).sum();
    }

    /**
     * Waits for the first 250 for a message.
     *
     * @param login whether the port speaks TLS and wants a login
     * @return since it was started
     */
    static Duration firstReply(int port, boolean login, long started) throws IOException {
        Ports.awaitOpen(port);
        while (true) {
            try (var client = new MailClient(port, login)) {
                client.send(MailClient.message(1024));
                return Duration.ofNanos(System.nanoTime() - started);
            } catch (MailClient.NotYetException e) {
                // It does not know its routes.
                if (System.nanoTime() - started > PATIENCE.toNanos()) {
                    throw e;
                }
            }
        }
    }
}
