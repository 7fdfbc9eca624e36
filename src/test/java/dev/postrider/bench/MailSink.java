package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;

/** The server that a relay under test delivers to; it counts. */
interface MailSink extends AutoCloseable {
    /** Until the last message has come. */
    Duration PATIENCE = Duration.ofMinutes(5);

    int port();

    /** Messages that have come so far. */
    long count();

    /** Waits until so many have come. */
    default void awaitCount(long count) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> count() >= count);
    }

    @Override
    void close() throws IOException;
}
