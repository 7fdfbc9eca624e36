package dev.postrider.bench;

import dev.postrider.testing.ApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.DoubleStream;

/**
 * How fast the relay accepts and delivers while many routes change, beside the same relay with one route. Both read their
 * routes from a real API server, on the same machine, and take turns, so that what else the machine does troubles both.
 */
final class ChangingRoutes {
    private static final int OCTETS = 1024;
    private static final int SESSIONS = 40;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Messages a second, and milliseconds of the relay's CPU for each. */
    private record Run(double accepted, double cpuMillis) {
        static Run median(List<Run> runs) {
            return new Run(median(runs.stream().mapToDouble(Run::accepted)),
                    median(runs.stream().mapToDouble(Run::cpuMillis)));
        }

        private static double median(DoubleStream stream) {
            double[] values = stream.sorted().toArray();
            return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
        }
    }

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
        System.out.printf(Locale.ROOT, "%d sessions, a connection each, messages of %d octets, %,d in a run%n",
                SESSIONS, OCTETS, messages);
        try (var sink = SmtpSink.start(); var api = ApiServer.start(); var client = api.newClient()) {
            WrittenRoutes.write(client, "one", sink.port(), 0);
            System.out.printf(Locale.ROOT, "writing the routes of %,d organizations ...%n", routes);
            var written = WrittenRoutes.write(client, "many", sink.port(), routes);
            try (var one = relay("one", sink, api); var many = relay("many", sink, api)) {
                measure(one, many, sink, written);
            }
        }
    }

    private RelayCandidate relay(String namespace, SmtpSink sink, ApiServer api) throws IOException {
        RelayCandidate relay = PostriderRelay.start(namespace, Files.createTempDirectory("relay"), sink.port(),
                options, List.of("kubeconfig=" + api.kubeconfig(), "namespace=" + namespace));
        System.out.printf(Locale.ROOT, "  %-5s start to the first 250 %.2f s, memory %d MiB%n", namespace,
                relay.untilFirstReply().toMillis() / 1000.0, relay.mebibytes());
        return relay;
    }

    private void measure(RelayCandidate one, RelayCandidate many, SmtpSink sink, WrittenRoutes written)
            throws Exception {
        // Each has run before it is measured: a relay is started once and runs for weeks.
        accept(one, sink);
        accept(many, sink);
        List<Run> alone = new ArrayList<>();
        List<Run> still = new ArrayList<>();
        List<Run> changing = new ArrayList<>();
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
            System.out.printf(Locale.ROOT,
                    "  round %d: one route %.0f/s, %,d routes %.0f/s, and %,d changes a minute %.0f/s (load %s)%n",
                    round,
                    alone.getLast().accepted, routes, still.getLast().accepted, changesPerMinute,
                    changing.getLast().accepted, Machine.load());
        }
        Run base = Run.median(alone);
        row("one route", base, base);
        row("%,d routes".formatted(routes), Run.median(still), base);
        row("and %,d changes a minute".formatted(changesPerMinute), Run.median(changing), base);
        System.out.printf(Locale.ROOT, "changes made: %,d; a change counts after %d ms%n", made.get(),
                untilItCounts(many, written).toMillis());
        System.out.printf(Locale.ROOT, "memory with one route %d MiB, with %,d routes %d MiB%n",
                one.mebibytes(), routes,
                many.mebibytes());
    }

    private static void row(String name, Run run, Run base) {
        System.out.printf(Locale.ROOT, "%-30s accepted %6.0f/s, %3.0f %%   CPU %.2f ms each%s%n", name, run.accepted,
                100 * run.accepted / base.accepted, run.cpuMillis, run.equals(base) ? "" : "   goal: at least 90 %");
    }

    private Run accept(RelayCandidate relay, SmtpSink sink) throws IOException, InterruptedException {
        long before = sink.count();
        Duration cpu = relay.cpu();
        long start = System.nanoTime();
        SmtpSource.send(relay.port(), SESSIONS, OCTETS, messages, false);
        double rate = messages * 1e9 / (System.nanoTime() - start);
        sink.awaitCount(before + messages);
        return new Run(rate, relay.cpu().minus(cpu).toMillis() / (double) messages);
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
            try (var client = new MailClient(relay.port(), false)) {
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
}
