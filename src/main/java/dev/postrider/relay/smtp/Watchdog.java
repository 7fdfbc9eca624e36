package dev.postrider.relay.smtp;

import java.time.Duration;
import java.util.Collection;

/** Looks at all sessions every now and then, and ends what takes too long. */
final class Watchdog implements AutoCloseable {
    private static final Duration MOST_BETWEEN = Duration.ofSeconds(1);
    private static final Duration LEAST_BETWEEN = Duration.ofMillis(10);

    private final Thread thread;

    /** @param sessions as they are each time that it looks */
    Watchdog(Collection<SmtpSession> sessions, SmtpLimits.Times times) {
        Duration quarter = times.shortest().dividedBy(4);
        Duration wanted = quarter.compareTo(MOST_BETWEEN) < 0 ? quarter : MOST_BETWEEN;
        Duration between = wanted.compareTo(LEAST_BETWEEN) < 0 ? LEAST_BETWEEN : wanted;
        this.thread = Thread.ofVirtual().name("smtp-watchdog").unstarted(() -> {
            try {
                while (true) {
                    Thread.sleep(between);
                    long now = System.nanoTime();
                    sessions.forEach(session -> session.endIfOverdue(now));
                }
            } catch (InterruptedException e) {
                // That is how it is closed.
            }
        });
    }

    void start() {
        thread.start();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
