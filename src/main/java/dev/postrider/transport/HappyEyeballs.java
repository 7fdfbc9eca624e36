package dev.postrider.transport;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Connects to a host that has several addresses (RFC 8305): the families take turns, IPv6 first; an attempt that takes
 * longer than 250 ms gets company by the next; the first that succeeds wins, and the others are closed.
 */
final class HappyEyeballs {
    private static final Duration ATTEMPT_DELAY = Duration.ofMillis(250);

    private final int port;
    private final Duration timeout;
    private final BlockingQueue<Attempt> ended = new LinkedBlockingQueue<>();
    private final List<Socket> started = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private boolean onlyTimeouts = true;

    private HappyEyeballs(int port, Duration timeout) {
        this.port = port;
        this.timeout = timeout;
    }

    /** A connection, and which address answered. */
    record Connected(Socket socket, InetAddress address) {}

    private record Attempt(Socket socket, InetAddress address, Optional<IOException> failure) {}

    /** No address could be connected to. */
    static final class NoConnectionException extends IOException {
        private final transient List<String> failures;
        private final boolean timeout;

        NoConnectionException(List<String> failures, boolean timeout) {
            super(String.join("; ", failures));
            this.failures = List.copyOf(failures);
            this.timeout = timeout;
        }

        /** What became of each address. */
        List<String> failures() {
            return failures;
        }

        /** Whether none of them gave any answer. */
        boolean isTimeout() {
            return timeout;
        }
    }

    /**
     * Connects.
     *
     * @param addresses at least one
     * @param timeout   for each of them
     * @throws NoConnectionException if none can be connected to
     */
    static Connected connect(List<InetAddress> addresses, int port, Duration timeout) throws NoConnectionException {
        HappyEyeballs race = new HappyEyeballs(port, timeout);
        Optional<Connected> winner = Optional.empty();
        try {
            winner = race.run(new ArrayDeque<>(interleaved(addresses)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            race.failures.add("interrupted");
        } finally {
            race.closeAllBut(winner);
        }
        return winner.orElseThrow(() -> new NoConnectionException(race.failures, race.onlyTimeouts));
    }

    /** RFC 8305 section 4: the order of the resolver, with the families taking turns. */
    static List<InetAddress> interleaved(Collection<InetAddress> addresses) {
        Deque<InetAddress> six = new ArrayDeque<>();
        Deque<InetAddress> four = new ArrayDeque<>();
        addresses.forEach(address -> (address instanceof Inet6Address ? six : four).add(address));
        List<InetAddress> ordered = new ArrayList<>();
        while (!six.isEmpty() || !four.isEmpty()) {
            Optional.ofNullable(six.poll()).ifPresent(ordered::add);
            Optional.ofNullable(four.poll()).ifPresent(ordered::add);
        }
        return ordered;
    }

    private Optional<Connected> run(Deque<InetAddress> waiting) throws InterruptedException {
        int open = 0;
        while (open > 0 || !waiting.isEmpty()) {
            if (!waiting.isEmpty()) {
                start(waiting.remove());
                open++;
            }
            Attempt attempt = waiting.isEmpty()
                    ? ended.take()
                    : ended.poll(ATTEMPT_DELAY.toMillis(), TimeUnit.MILLISECONDS);
            if (attempt == null) {
                continue;
            }
            if (attempt.failure().isEmpty()) {
                return Optional.of(new Connected(attempt.socket(), attempt.address()));
            }
            open--;
            IOException failure = attempt.failure().get();
            onlyTimeouts &= failure instanceof SocketTimeoutException;
            failures.add(attempt.address().getHostAddress() + ": " + failure.getMessage());
        }
        return Optional.empty();
    }

    private void start(InetAddress address) {
        Socket socket = new Socket();
        started.add(socket);
        Thread.ofVirtual().name("connect-" + address.getHostAddress()).start(() -> {
            try {
                // Angus writes a command in small pieces; with Nagle's algorithm each would wait for a delayed ACK.
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(address, port), Math.clamp(timeout.toMillis(), 1,
                        Integer.MAX_VALUE));
                ended.add(new Attempt(socket, address, Optional.empty()));
            } catch (IOException e) {
                ended.add(new Attempt(socket, address, Optional.of(e)));
            }
        });
    }

    private void closeAllBut(Optional<Connected> winner) {
        for (Socket socket : started) {
            if (winner.filter(won -> won.socket().equals(socket)).isEmpty()) {
                try {
                    socket.close();
                } catch (IOException e) {
                    // It is closed either way.
                }
            }
        }
    }
}
