package dev.postrider.relay;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/** Applications that send one mail after the other, each told from all others by its subject, and note what was taken. */
final class SubmittingSessions implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicInteger numbers = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final String name;
    private final String text;
    private volatile boolean stopping;

    /**
     * Starts them.
     *
     * @param ports asked for a relay's port at each connection
     * @param size  of each mail's text
     */
    SubmittingSessions(int sessions, IntSupplier ports, int size) {
        this("m", sessions, ports, size);
    }

    /**
     * Starts them.
     *
     * @param name how the subjects of their mails begin; another for those that send to the same server
     */
    SubmittingSessions(String name, int sessions, IntSupplier ports, int size) {
        this.name = name;
        this.text = ("x".repeat(70) + "\r\n").repeat(Math.max(1, size / 72));
        for (int i = 0; i < sessions; i++) {
            threads.execute(() -> send(ports));
        }
    }

    private void send(IntSupplier ports) {
        while (!stopping) {
            try (var client = Dialogue.connect(ports.getAsInt())) {
                client.say("EHLO client.test");
                if (!client.login("orders.shop", TestRoutes.PASSWORD).startsWith("235")) {
                    continue;
                }
                while (!stopping) {
                    String subject = name + numbers.incrementAndGet();
                    String reply = client.mail("a@b.example", "x@y.example", "Subject: " + subject + "\r\n\r\n" + text);
                    if (reply.startsWith("250")) {
                        acknowledged.add(subject);
                    } else if (reply.startsWith("4")) {
                        refused.incrementAndGet();
                        LockSupport.parkNanos(20_000_000);
                    } else {
                        break;
                    }
                }
            } catch (IOException e) {
                // The relay is gone; another takes its place.
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    /** Subjects of the mails that were answered with 250. */
    Set<String> acknowledged() {
        return acknowledged;
    }

    /** How many were answered with 4yz. */
    int refused() {
        return refused.get();
    }

    /** Lets each finish the mail that it is at. */
    void finish() throws InterruptedException {
        stopping = true;
        threads.shutdown();
        if (!threads.awaitTermination(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("a session hangs");
        }
    }

    @Override
    public void close() {
        stopping = true;
        threads.shutdownNow();
    }
}
