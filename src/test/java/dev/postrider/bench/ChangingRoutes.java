package dev.postrider.bench;

import dev.postrider.testing.ApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast the relay accepts and delivers while many routes change, beside the same relay with one route. Both read their
 * routes from a real API server, on the same machine, and take turns, so that what else the machine does troubles both.
 */
final class ChangingRoutes {
    private static final int OCTETS = 1024;
    private static final int SESSIONS = 40;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final List<String> options;
    private final int messages;
    private final int rounds;
    private final int routes;
    private final int changesPerMinute;

    /**
     * @param messages         accepted in a run
     * @param routes           of organizations
     * @param changesPerMinute Secrets that are written
     */
    ChangingRoutes(List<String> options, int messages, int rounds, int routes, int changesPerMinute) {
        this.options = options;
        this.messages = messages;
        this.rounds = rounds;
        this.routes = routes;
        this.changesPerMinute = changesPerMinute;
    }

    void measure() throws Exception {
        say("%d sessions, a connection each, messages of %d octets, %,d in a run", SESSIONS, OCTETS, messages);
        try (var sink = SmtpSink.start(); var api = ApiServer.start(); var client = api.newClient()) {
            WrittenRoutes.write(client, "one", sink.port(), 0);
            say("writing the routes of %,d organizations ...", routes);
            var written = WrittenRoutes.write(client, "many", sink.port(), routes);
            try (var one = relay("one", sink, api); var many = relay("many", sink, api)) {
                measure(one, many, sink, written);
            }
        }
    }

    private RelayCandidate relay(String namespace, SmtpSink sink, ApiServer api) throws IOException {
        RelayCandidate relay = RelayCandidate.postrider(namespace, Files.createTempDirectory("relay"), sink.port(),
                options, List.of("kubeconfig=" + api.kubeconfig(), "namespace=" + namespace));
        say("  %-5s start to the first 250 %.2f s, memory %d MiB", namespace,
                relay.untilFirstReply().toMillis() / 1000.0, Processes.mebibytes(relay.pid()));
        return relay;
    }

    private void measure(RelayCandidate one, RelayCandidate many, SmtpSink sink, WrittenRoutes written)
            throws Exception {
        // Each has run before it is measured: a relay is started once and runs for weeks.
        accept(one, sink);
        accept(many, sink);
        List<Double> alone = new ArrayList<>();
        List<Double> still = new ArrayList<>();
        List<Double> changing = new ArrayList<>();
        var made = new AtomicInteger();
        for (int round = 1; round <= rounds; round++) {
            alone.add(accept(one, sink));
            still.add(accept(many, sink));
            Thread changes = Thread.ofPlatform().name("changes").start(() -> change(written, made));
            try {
                changing.add(accept(many, sink));
            } finally {
                changes.interrupt();
                changes.join();
            }
            say("  round %d: one route %.0f/s, %,d routes %.0f/s, and %,d changes a minute %.0f/s (load %s)", round,
                    alone.getLast(), routes, still.getLast(), changesPerMinute, changing.getLast(), Machine.load());
        }
        double base = median(alone);
        say("one route:                     accepted %6.0f/s", base);
        say("%,d routes:                 accepted %6.0f/s   %.0f %%   goal: at least 90 %%", routes, median(still),
                100 * median(still) / base);
        say("and %,d changes a minute:    accepted %6.0f/s   %.0f %%   goal: at least 90 %%", changesPerMinute,
                median(changing), 100 * median(changing) / base);
        say("changes made: %,d; a change counts after %d ms", made.get(), untilItCounts(many, written).toMillis());
        say("memory with one route %d MiB, with %,d routes %d MiB", Processes.mebibytes(one.pid()), routes,
                Processes.mebibytes(many.pid()));
    }

    private double accept(RelayCandidate relay, SmtpSink sink) throws IOException, InterruptedException {
        long before = sink.count();
        long start = System.nanoTime();
        SmtpSource.send(relay.port(), SESSIONS, OCTETS, messages, false);
        double rate = messages * 1e9 / (System.nanoTime() - start);
        sink.awaitCount(before + messages);
        return rate;
    }

    /** Makes changes at an even pace until it is interrupted. */
    private void change(WrittenRoutes written, AtomicInteger made) {
        long pause = Duration.ofMinutes(1).toNanos() / changesPerMinute;
        long next = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            try {
                next += pause * written.change(made.getAndIncrement());
            } catch (RuntimeException e) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                throw e;
            }
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    /** From the API server's answer to the first mail that is refused for it. */
    private static Duration untilItCounts(RelayCandidate relay, WrittenRoutes written) throws IOException {
        written.sender(false);
        long start = System.nanoTime();
        while (true) {
            try (var client = new MailClient(RelayCandidate.Sockets.of(false), relay.port(),
                    RelayCandidate.Sockets.login(false))) {
                client.send(MailClient.message(OCTETS));
            } catch (IOException e) {
                if (!String.valueOf(e.getMessage()).contains(" 550 5.7.1 ")) {
                    throw e;
                }
                return Duration.ofNanos(System.nanoTime() - start);
            }
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("the relay does not know of a change after " + PATIENCE);
            }
        }
    }

    private static double median(List<Double> list) {
        double[] values = list.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(values);
        return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
