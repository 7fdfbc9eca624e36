package dev.postrider.cli;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Waits for SIGTERM or Ctrl-C, so that a command can end in its own order. The JVM exits when its shutdown hooks have
 * returned, whatever other threads do; the hook made here returns when the command has ended.
 */
final class Stop implements AutoCloseable {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable Thread starting;

    /** What may take long to start. */
    @FunctionalInterface
    interface Start<T> {
        T run() throws IOException;
    }

    Stop() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::ask, "stop"));
    }

    private void ask() {
        synchronized (this) {
            asked.countDown();
            if (starting != null) {
                starting.interrupt();
            }
        }
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts something, and interrupts that if somebody asks the process to stop meanwhile. */
    <T> T orStart(Start<T> start) throws IOException {
        synchronized (this) {
            starting = Thread.currentThread();
        }
        try {
            T started = start.run();
            synchronized (this) {
                starting = null;
                // Asked in the last moment: it ends in its own order.
                var _ = Thread.interrupted();
            }
            return started;
        } finally {
            synchronized (this) {
                starting = null;
            }
        }
    }

    /** Returns when somebody has asked the process to stop. */
    void await() throws InterruptedException {
        asked.await();
    }

    /** Says that the command has ended. */
    @Override
    public void close() {
        ended.countDown();
    }
}
