package dev.postrider.bench;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.testing.FreePort;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast the relay accepts while a million messages of a thousand organizations wait for a server that does not
 * answer, and with the routes of ten thousand; beside the same relay with nothing of that.
 */
final class CrowdedRelay {
    private static final int QUEUED = 1_000_000;
    private static final int SENDERS = 1_000;
    private static final int ROUTES = 10_000;
    private static final int OCTETS = 1024;
    private static final int SESSIONS = 40;
    private static final int FILLING = 128;

    private final List<String> options;
    private final int messages;

    /** @param messages accepted in a run */
    CrowdedRelay(List<String> options, int messages) {
        this.options = options;
        this.messages = messages;
    }

    void measure() throws Exception {
        System.out.println(SESSIONS + " sessions, a connection each, messages of " + OCTETS
                + " octets, accepted while the server they go to does not answer");
        double empty = accept("nothing queued", Files.createTempDirectory("relay"), 0);
        double routes = accept(ROUTES + " routes", Files.createTempDirectory("relay"), ROUTES);
        System.out.println("filling a queue with " + QUEUED + " messages ...");
        Path full = Files.createTempDirectory("relay");
        fill(full);
        double queued = accept(QUEUED + " queued", full, SENDERS);
        System.out.printf(Locale.ROOT, "accept rate with %,d routes: %.0f %%, with %,d queued: %.0f %%%n", ROUTES,
                100 * routes / empty, QUEUED, 100 * queued / empty);
    }

    private double accept(String name, Path directory, int organizations) throws Exception {
        try (var relay = PostriderRelay.start(name, directory, FreePort.find(), options,
                List.of("organizations=" + organizations))) {
            SmtpSource.send(relay.port(), SESSIONS, OCTETS, messages, false);
            long before = relay.mebibytes();
            long start = System.nanoTime();
            SmtpSource.send(relay.port(), SESSIONS, OCTETS, messages, false);
            double rate = messages * 1e9 / (System.nanoTime() - start);
            System.out.printf(Locale.ROOT,
                    "  %-20s accepted %6.0f/s   memory %d MiB, and %d MiB after it   start to the first 250 %.2f s%n",
                    name, rate, before, relay.mebibytes(), relay.untilFirstReply().toMillis() / 1000.0);
            return rate;
        }
    }

    private static void fill(Path directory) throws Exception {
        byte[] message = ("Subject: waits\r\n\r\n" + ("x".repeat(76) + "\r\n").repeat(OCTETS / 78))
                .getBytes(StandardCharsets.US_ASCII);
        Instant received = Instant.now();
        try (var queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> filling = new ArrayList<>();
            for (int i = 0; i < FILLING; i++) {
                int first = i;
                filling.add(threads.submit(() -> {
                    for (int n = first; n < QUEUED; n += FILLING) {
                        try (var draft = queue.draft(TestRoutes.key("organization-" + n % SENDERS))) {
                            draft.content().write(message);
                            draft.commit(NewMessage.plain("a@b.example", List.of("x@y.example"), false, false,
                                    received));
                        }
                    }
                    return first;
                }));
            }
            for (var done : filling) {
                done.get();
            }
        }
    }
}
