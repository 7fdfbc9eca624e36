package dev.postrider.relay.smtp;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * How many TLS handshakes are computed at a time, so that they leave processors to those who have a session: addresses,
 * or IPv6 networks, take turns. One that waits for its client is not computed. Safe for many threads.
 */
final class Handshakes {
    private final Map<ByteBuffer, Queue<Semaphore>> waiting = new LinkedHashMap<>();
    private int free;

    /** Of as many as half of the processors compute. */
    Handshakes(MeterRegistry meters) {
        this(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), meters);
    }

    Handshakes(int most, MeterRegistry meters) {
        this.free = most;
        Gauge.builder("postrider.handshakes.waiting", this, Handshakes::countWaiting)
                .description("TLS handshakes of clients that wait for others")
                .register(meters);
    }

    synchronized int countWaiting() {
        return waiting.values().stream().mapToInt(Queue::size).sum();
    }

    /**
     * Waits for a turn.
     *
     * @param until moment of {@link System#nanoTime}
     * @throws SocketTimeoutException if it does not come in time
     * @throws InterruptedIOException if the thread is interrupted
     */
    void begin(InetAddress client, long until) throws InterruptedIOException {
        var turn = new Semaphore(0);
        synchronized (this) {
            if (free > 0) {
                free--;
                return;
            }
            waiting.computeIfAbsent(Places.network(client), _ -> new ArrayDeque<>()).add(turn);
        }
        try {
            if (turn.tryAcquire(until - System.nanoTime(), TimeUnit.NANOSECONDS) || !giveUp(client, turn)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (!giveUp(client, turn)) {
                end();
            }
            throw (InterruptedIOException) new InterruptedIOException("ended before its handshake").initCause(e);
        }
        throw new SocketTimeoutException("no turn for a handshake");
    }

    /** Says whether it was still waiting. */
    private synchronized boolean giveUp(InetAddress client, Semaphore turn) {
        Queue<Semaphore> turns = waiting.get(Places.network(client));
        if (turns == null || !turns.remove(turn)) {
            return false;
        }
        if (turns.isEmpty()) {
            waiting.remove(Places.network(client));
        }
        return true;
    }

    /** Ends a turn. */
    synchronized void end() {
        var first = waiting.entrySet().iterator();
        if (!first.hasNext()) {
            free++;
            return;
        }
        Map.Entry<ByteBuffer, Queue<Semaphore>> next = first.next();
        first.remove();
        next.getValue().remove().release();
        if (!next.getValue().isEmpty()) {
            waiting.put(next.getKey(), next.getValue());
        }
    }
}
