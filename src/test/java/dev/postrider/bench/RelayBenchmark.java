package dev.postrider.bench;

import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Postrider's relay and Postfix, one after the other on the same machine: smtp-source brings mail, smtp-sink takes what
 * they deliver. Postfix as Debian ships it, and with more processes and concurrency; the ratios are against the better.
 */
final class RelayBenchmark {
    /** As the chart has them, with the heap that its share of the memory limit comes to. */
    private static final List<String> CHART_OPTIONS = List.of("-XX:+UseSerialGC", "-Xmx96m");
    private static final int SESSIONS = 40;
    private static final int OCTETS = 10 * 1024;
    private static final int LATENCY_MESSAGES = 1000;

    /** How smtp-source uses its connections. */
    private enum Connections {
        NEW("new connections"), REUSED("reused connections");

        private final String text;

        Connections(String text) {
            this.text = text;
        }
    }

    /** What one run of one relay came to. Rates in messages a second. */
    private record Run(double accepted, double endToEnd, double cpuMillis) {}

    private final int messages;
    private final int rounds;
    private final List<String> options;
    private final Map<String, Map<Connections, List<Run>>> runs = new TreeMap<>();

    private RelayBenchmark(int messages, int rounds, List<String> options) {
        this.messages = messages;
        this.rounds = rounds;
        this.options = options;
    }

    /**
     * Arguments: messages of a run (5000), rounds (3), what is measured (plain, postgres, tls, crowded, or routes with a
     * number of them and of changes a minute, as routes,10000,1000), options for the relay's virtual machine.
     */
    public static void main(String[] arguments) throws Exception {
        int messages = Integer.parseInt(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        boolean ofTheChart = arguments.length == 3;
        List<String> options = ofTheChart ? CHART_OPTIONS : Arrays.asList(arguments).subList(3, arguments.length);
        say("machine: " + Machine.description());
        say("load average before: " + Machine.load());
        say(SESSIONS + " sessions, messages of " + OCTETS + " octets, " + messages + " in a run, " + rounds
                + " rounds; relay: java " + String.join(" ", options));
        var benchmark = new RelayBenchmark(messages, rounds, ofTheChart ? withCache() : options);
        List<String> mode = List.of(arguments[2].split(",", -1));
        switch (mode.getFirst()) {
            case "routes" -> new ChangingRoutes(benchmark.options, messages, rounds, Integer.parseInt(mode.get(1)),
                    Integer.parseInt(mode.get(2))).measure();
            case "tls" -> benchmark.measureTls();
            case "crowded" -> new CrowdedRelay(benchmark.options, messages).measure();
            default -> benchmark.compare(arguments[2].equals("postgres"));
        }
        say("load average after: " + Machine.load());
        System.exit(0);
    }

    /** The chart's options and a cache of classes and profiles (JEP 514, 515), made by a run of the relay under load. */
    private static List<String> withCache() throws Exception {
        Path cache = Path.of("target/relay.aot");
        Files.deleteIfExists(cache);
        var making = new ArrayList<>(CHART_OPTIONS);
        making.add("-XX:AOTCacheOutput=" + cache);
        try (var sink = SmtpSink.start(); var relay = RelayCandidate.postrider(sink.port(), making)) {
            var training = new RelayBenchmark(5000, 1, making);
            for (Connections connections : Connections.values()) {
                training.run(relay, sink, connections);
            }
        }
        say("made " + cache + ", " + Files.size(cache) / 1024 / 1024 + " MiB, and the relay runs with it");
        var options = new ArrayList<>(CHART_OPTIONS);
        options.add("-XX:AOTCache=" + cache);
        return options;
    }

    private void compare(boolean postgres) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            say("round " + round);
            try (var sink = SmtpSink.start(); var relay = RelayCandidate.postrider(sink.port(), options)) {
                measure(relay, sink);
            }
            if (postgres) {
                try (var sink = SmtpSink.start(); var database = PostgresServer.start()) {
                    Path directory = PostgresServer.credentials(Files.createTempDirectory("relay"));
                    try (var relay = RelayCandidate.postrider("Postrider on PostgreSQL", directory, sink.port(),
                            options,
                            List.of("database=" + database.url(database.newDatabase())))) {
                        measure(relay, sink);
                    }
                }
            }
            for (var settings : List.of(List.<String>of(), List.of("default_process_limit = 300",
                    "default_destination_concurrency_limit = 60", "initial_destination_concurrency = 20",
                    "in_flow_delay = 0"))) {
                String name = settings.isEmpty() ? "Postfix" : "Postfix, more of all";
                try (var sink = SmtpSink.start();
                        var relay = RelayCandidate.postfix(name, sink.port(), settings)
                                .orElseThrow(() -> new IllegalStateException(
                                        "Postfix is not installed, or this is not run as root"))) {
                    measure(relay, sink);
                }
            }
        }
        say("median of the rounds:");
        runs.forEach((name, measured) -> measured.forEach((connections, list) -> say(
                line(name, connections, median(list)))));
        for (Connections connections : Connections.values()) {
            double best = runs.entrySet()
                    .stream()
                    .filter(entry -> entry.getKey().startsWith("Postfix"))
                    .mapToDouble(entry -> median(measured(entry.getValue(), connections)).endToEnd)
                    .max()
                    .orElseThrow();
            runs.forEach((name, measured) -> {
                if (name.startsWith("Postrider")) {
                    say(String.format(Locale.ROOT, "end-to-end ratio (%s)%s: %.2f", connections.text,
                            name.substring("Postrider".length()),
                            median(measured(measured, connections)).endToEnd / best));
                }
            });
        }
    }

    private static List<Run> measured(Map<Connections, List<Run>> all, Connections connections) {
        return all.getOrDefault(connections, List.of());
    }

    private void measure(RelayCandidate relay, SmtpSink sink) throws IOException, InterruptedException {
        // Each has run before it is measured: a relay is started once and runs for weeks.
        for (Connections connections : Connections.values()) {
            run(relay, sink, connections);
        }
        for (Connections connections : Connections.values()) {
            Run run = run(relay, sink, connections);
            say(line(relay.name(), connections, run));
            runs.computeIfAbsent(relay.name(), name -> new TreeMap<>())
                    .computeIfAbsent(connections, which -> new ArrayList<>())
                    .add(run);
        }
        say(latency(relay, false));
        say(String.format(Locale.ROOT, "  %-24s memory %d MiB, start to the first 250 %.2f s", relay.name(),
                Processes.mebibytes(relay.pid()), relay.untilFirstReply().toMillis() / 1000.0));
    }

    private Run run(RelayCandidate relay, SmtpSink sink, Connections connections)
            throws IOException, InterruptedException {
        long before = sink.count();
        Duration cpu = Processes.cpu(relay.pid());
        long start = System.nanoTime();
        SmtpSource.send(relay.port(), SESSIONS, OCTETS, messages, connections == Connections.REUSED);
        long accepted = System.nanoTime();
        sink.awaitCount(before + messages);
        long delivered = System.nanoTime();
        Duration spent = Processes.cpu(relay.pid()).minus(cpu);
        return new Run(messages * 1e9 / (accepted - start), messages * 1e9 / (delivered - start),
                spent.toMillis() / (double) messages);
    }

    private static String latency(RelayCandidate relay, boolean tls) throws IOException {
        byte[] message = MailClient.message(OCTETS);
        double[] millis = new double[LATENCY_MESSAGES];
        for (int i = 0; i < millis.length; i++) {
            long start = System.nanoTime();
            try (var client = new MailClient(RelayCandidate.Sockets.of(tls), relay.port(),
                    RelayCandidate.Sockets.login(tls))) {
                client.send(message);
            }
            millis[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        return String.format(Locale.ROOT, "  %-24s one session, a connection each: p50 %.2f ms, p99 %.2f ms",
                relay.name(), millis[millis.length / 2], millis[millis.length * 99 / 100]);
    }

    /** The same program brings mail without and with TLS and logins, since smtp-source has neither. */
    private void measureTls() throws Exception {
        for (int round = 1; round <= rounds; round++) {
            say("round " + round);
            for (boolean tls : new boolean[]{false, true}) {
                try (var sink = SmtpSink.start();
                        var relay = tls
                                ? RelayCandidate.postriderWithTls(sink.port(), options)
                                : RelayCandidate.postrider(sink.port(), options)) {
                    for (Connections connections : Connections.values()) {
                        load(relay, sink, connections, tls);
                        say(line(relay.name(), connections, load(relay, sink, connections, tls)));
                    }
                    say(latency(relay, tls));
                }
            }
        }
    }

    private Run load(RelayCandidate relay, SmtpSink sink, Connections connections, boolean tls) throws Exception {
        byte[] message = MailClient.message(OCTETS);
        long before = sink.count();
        Duration cpu = Processes.cpu(relay.pid());
        long start = System.nanoTime();
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var sockets = RelayCandidate.Sockets.of(tls);
            List<java.util.concurrent.Future<?>> sessions = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                sessions.add(threads.submit(() -> {
                    int left = messages / SESSIONS;
                    while (left > 0) {
                        try (var client = new MailClient(sockets, relay.port(), RelayCandidate.Sockets.login(tls))) {
                            do {
                                client.send(message);
                                left--;
                            } while (left > 0 && connections == Connections.REUSED);
                        }
                    }
                    return InetAddress.getLoopbackAddress();
                }));
            }
            for (var session : sessions) {
                session.get();
            }
        }
        long accepted = System.nanoTime();
        int sent = messages / SESSIONS * SESSIONS;
        sink.awaitCount(before + sent);
        return new Run(sent * 1e9 / (accepted - start), sent * 1e9 / (System.nanoTime() - start),
                Processes.cpu(relay.pid()).minus(cpu).toMillis() / (double) sent);
    }

    private static Run median(List<Run> list) {
        return new Run(median(list.stream().mapToDouble(Run::accepted).toArray()),
                median(list.stream().mapToDouble(Run::endToEnd).toArray()),
                median(list.stream().mapToDouble(Run::cpuMillis).toArray()));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
    }

    private static String line(String name, Connections connections, Run run) {
        return String.format(Locale.ROOT, "  %-24s %-18s accepted %6.0f/s   end to end %6.0f/s   CPU %.2f ms each",
                name, connections.text, run.accepted, run.endToEnd, run.cpuMillis);
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
