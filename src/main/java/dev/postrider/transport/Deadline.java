package dev.postrider.transport;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Closes a socket when a time has passed before the deadline itself is closed. */
final class Deadline implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor CLOCK = clock();

    private final Future<?> closing;
    private volatile boolean passed;

    Deadline(Duration time, Socket socket) {
        this(time, socket, () -> {});
    }

    /**
     * Begins now.
     *
     * @param andThen what else to do when it passes, before the socket is closed
     */
    Deadline(Duration time, Socket socket, Runnable andThen) {
        closing = CLOCK.schedule(() -> {
            passed = true;
            andThen.run();
            try {
                socket.close();
            } catch (IOException e) {
                // It is closed either way.
            }
        }, Math.max(1, time.toMillis()), TimeUnit.MILLISECONDS);
    }

    boolean hasPassed() {
        return passed;
    }

    @Override
    public void close() {
        closing.cancel(false);
    }

    private static ScheduledThreadPoolExecutor clock() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1,
                Thread.ofPlatform().daemon().name("transport-deadlines").factory());
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
