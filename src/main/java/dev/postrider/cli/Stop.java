package dev.postrider.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Waits for SIGTERM or Ctrl-C, so that a command can end in its own order. The JVM exits when its shutdown hooks have
 * returned, whatever other threads do; the hook made here returns when the command has ended.
 */
final class Stop implements AutoCloseable {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    Stop() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::ask, "stop"));
    }

    private void ask() {
        asked.countDown();
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
