package dev.postrider.bench;

import dev.postrider.bench.Figure.Better;
import dev.postrider.bench.RelayCandidate.Setup;
import dev.postrider.relay.TestRoutes;
import dev.postrider.route.DkimKey;
import dev.postrider.testing.DkimVerifier;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Postrider's relay and Postfix, one after the other on the same machine: smtp-load brings mail, and takes what they
 * deliver. Postfix as Debian ships it, and with more processes and concurrency; the ratios are against the better.
 */
final class RelayBenchmark {
    /** As the chart has them, with the heap that its share of the memory limit comes to. */
    private static final List<String> CHART_OPTIONS = List.of("-XX:+UseSerialGC", "-Xmx96m");
    private static final int SESSIONS = 40;
    private static final int LATENCY_MESSAGES = 1000;
    private static final int TRAINING_MESSAGES = 5000;
    private static final List<String> MORE_OF_ALL = List.of("default_process_limit = 300",
            "default_destination_concurrency_limit = 60", "initial_destination_concurrency = 20", "in_flow_delay = 0");
    private static final Figure P50 = Figure.of("one session, plain, a connection each, p50", Better.LOWER, 0.5);
    private static final Figure START = Figure.of("start to the first 250", Better.LOWER, 0.4);
    private static final Figure DKIM = Figure.of("DKIM, RSA of 2048 bits, ms of CPU of a message", Better.NEITHER,
            0.7);
    private static final Figure GAP = Figure.of("killed under load, longest time without a 250", Better.LOWER);
    private static final Figure LOST = Figure.of("killed under load, accepted and lost", Better.TOTAL);
    /** A relay that was killed, and has delivered nothing for so long, delivers no more. */
    private static final Duration LAST_DELIVERY = Duration.ofSeconds(30);

    /** Starts a relay that delivers to a port. */
    @FunctionalInterface
    private interface Starter {
        RelayCandidate start(int upstream) throws Exception;
    }

    /**
     * What one run of one relay came to. Rates in messages a second, times in milliseconds of CPU for a message.
     *
     * @param lost messages that were accepted and not delivered
     */
    private record Run(double accepted, double endToEnd, double cpu, double client, double sink, long lost,
            SmtpLoad.Sent sent) {
        Run withoutCpu() {
            return new Run(accepted, endToEnd, Double.NaN, client, sink, lost, sent);
        }
    }

    private final SmtpLoad load;
    private final Path certificate;
    private final int messages;
    private final int rounds;
    private final List<String> options;
    private final DkimKey dkim = DkimVerifier.key("s", "b.example", "RSA", 2048);
    private final Figures figures = new Figures();
    private int brought;

    private RelayBenchmark(SmtpLoad load, int messages, int rounds, List<String> options) throws IOException {
        this.load = load;
        this.messages = messages;
        this.rounds = rounds;
        this.options = options;
        certificate = Files.createTempFile("certificate", ".pem");
        certificate.toFile().deleteOnExit();
        Files.writeString(certificate,
                TestRoutes.CERTIFICATE.certificateChain() + TestRoutes.CERTIFICATE.privateKey());
    }

    /**
     * Arguments: messages of a run (5000), rounds (3), what is measured (all, the name of a {@link Way}, crowded, or
     * routes with a number of them and of changes a minute, as routes,10000,1000), options for the relay's virtual
     * machine.
     */
    public static void main(String[] arguments) throws Exception {
        int messages = Integer.parseInt(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        List<String> mode = List.of(arguments[2].split(",", -1));
        boolean ofTheChart = arguments.length == 3;
        List<String> options = ofTheChart ? CHART_OPTIONS : Arrays.asList(arguments).subList(3, arguments.length);
        SmtpLoad load = SmtpLoad.find()
                .orElseThrow(
                        () -> new IllegalStateException("there is no Go here, which builds the program that brings "
                                + "and takes mail (apt-get install golang-go)"));
        say("machine: " + Machine.description());
        say("Postfix's log: " + (Files.exists(Path.of("/dev/log")) ? "to syslog" : "not written, without /dev/log"));
        say("queues: on " + Files.getFileStore(Path.of(System.getProperty("java.io.tmpdir"))).type());
        say("load average before: " + Machine.load());
        say("relay: java " + String.join(" ", options));
        var benchmark = new RelayBenchmark(load, messages, rounds, ofTheChart ? withCache(load) : options);
        switch (mode.getFirst()) {
            case "routes" -> new ChangingRoutes(benchmark.options, messages, rounds, Integer.parseInt(mode.get(1)),
                    Integer.parseInt(mode.get(2))).measure();
            case "crowded" -> new CrowdedRelay(benchmark.options, messages).measure();
            default -> benchmark.measure(Way.named(mode.getFirst()));
        }
        say("load average after: " + Machine.load());
        System.exit(0);
    }

    /** The chart's options and a cache of classes and profiles (JEP 514, 515), made by a run of the relay under load. */
    private static List<String> withCache(SmtpLoad load) throws Exception {
        Path cache = Path.of("target/relay.aot");
        Files.deleteIfExists(cache);
        var making = new ArrayList<>(CHART_OPTIONS);
        making.add("-XX:AOTCacheOutput=" + cache);
        var training = new RelayBenchmark(load, TRAINING_MESSAGES, 1, making);
        try (var sink = load.receive(); var relay = training.postrider(Setup.PLAIN).start(sink.port())) {
            for (Load each : Way.PLAIN.loads()) {
                training.run(relay, sink, each, TRAINING_MESSAGES);
            }
        }
        say("made " + cache + ", " + Files.size(cache) / 1024 / 1024 + " MiB, and the relay runs with it");
        var options = new ArrayList<>(CHART_OPTIONS);
        options.add("-XX:AOTCache=" + cache);
        return options;
    }

    private void measure(List<Way> ways) throws Exception {
        say(SESSIONS + " sessions, messages of 10 KiB, " + messages + " in a run, " + rounds + " rounds");
        try {
            for (Way way : ways) {
                Optional<String> lack = way.lack();
                if (lack.isPresent()) {
                    say("left out: " + way.name().toLowerCase(Locale.ROOT) + ", for there is not " + lack.get());
                    continue;
                }
                for (int round = 1; round <= rounds; round++) {
                    say(way.name().toLowerCase(Locale.ROOT) + ", round " + round + " (load " + Machine.load() + ")");
                    measure(way);
                }
            }
        } finally {
            // Where a run fails, those before it still count.
            say("ratios to the better Postfix, " + (rounds == 1 ? "of one round:" : "medians of the rounds:"));
            figures.lines().forEach(RelayBenchmark::say);
        }
    }

    private void measure(Way way) throws Exception {
        if (way != Way.KILL) {
            limits(way);
        }
        Setup setup = new Setup(way == Way.TLS, way == Way.DKIM ? Optional.of(dkim) : Optional.empty());
        if (way == Way.DKIM) {
            measure(way, List.of(Load.UNSIGNED), postrider(Setup.PLAIN));
        }
        measure(way, way.loads(), postrider(setup));
        if (way == Way.PLAIN && PostgresServer.isInstalled()) {
            try (var database = PostgresServer.startDurable()) {
                measure(way, way.loads(), postriderOn(database));
            }
        } else if (way == Way.PLAIN) {
            say("left out: PostgreSQL, which is not there (apt-get install postgresql)");
        }
        measure(way, way.loads(), upstream -> PostfixRelay.start(Figures.POSTFIX, upstream, List.of(), setup));
        measure(way, way.loads(),
                upstream -> PostfixRelay.start(Figures.POSTFIX + ", more of all", upstream, MORE_OF_ALL, setup));
    }

    private Starter postrider(Setup setup) {
        return upstream -> PostriderRelay.start(Figures.POSTRIDER, Files.createTempDirectory("relay"), upstream,
                options, List.of(), setup, List.of());
    }

    private Starter postriderOn(PostgresServer database) {
        return upstream -> PostriderRelay.start(Figures.POSTRIDER_ON_POSTGRES,
                PostgresServer.credentials(Files.createTempDirectory("relay")), upstream, options,
                List.of("database=" + database.url(database.newDatabase())), Setup.PLAIN, List.of(database.pid()));
    }

    /** How far the client and the server come with no relay between them: more no relay can be measured to do. */
    private void limits(Way way) throws Exception {
        String[] tls = way == Way.TLS ? new String[]{"-certificate", certificate.toString()} : new String[0];
        try (var sink = load.receive(tls)) {
            for (Load each : way.loads()) {
                int count = each.messages(messages);
                long start = System.nanoTime();
                send(sink.port(), each, SESSIONS, count);
                double rate = count * 1e9 / (System.nanoTime() - start);
                say(String.format(Locale.ROOT, "  %-24s %s: %.0f/s", Figures.LIMIT, each.text(), rate));
                figures.add(each.rate(), Figures.LIMIT, rate);
            }
        }
    }

    private void measure(Way way, List<Load> loads, Starter starter) throws Exception {
        String[] answers = way == Way.DEFERRING ? new String[]{"-defer", "10", "-refuse", "1"} : new String[0];
        try (var sink = load.receive(answers); var relay = starter.start(sink.port())) {
            Run first = warm(relay, sink, loads);
            for (Load each : loads) {
                Run run = way == Way.KILL
                        ? runWithKill(relay, sink, each)
                        : run(relay, sink, each, each.messages(messages));
                say(line(relay.name(), each, run));
                checkResumed(relay.name(), each, run.sent);
                figures.add(each.rate(), relay.name(), run.endToEnd);
                if (!Double.isNaN(run.cpu)) {
                    figures.add(each.cpu(), relay.name(), run.cpu);
                }
                if (each == Load.PLAIN_EACH && relay.name().equals(Figures.POSTRIDER)) {
                    figures.add(Figure.of(String.format(Locale.ROOT,
                            "first %,d messages after a start, of the warm rate", messages), Better.NEITHER, 0.8),
                            relay.name(), first.endToEnd / run.endToEnd);
                }
            }
            switch (way) {
                case PLAIN -> {
                    latency(relay);
                    figures.add(START, relay.name(), (double) relay.untilFirstReply().toMillis());
                }
                case DKIM -> costOfSigning(relay, sink, loads.getFirst());
                case DEFERRING -> say(String.format(Locale.ROOT, "  %-24s the server has taken %d of %d messages",
                        relay.name(), sink.count("taken"), sink.count()));
                default -> {
                }
            }
            say(String.format(Locale.ROOT, "  %-24s memory %d MiB, start to the first 250 %.2f s", relay.name(),
                    relay.mebibytes(), relay.untilFirstReply().toMillis() / 1000.0));
        }
    }

    /**
     * Each has run before it is measured: a relay is started once and runs for weeks. Postfix is warm when its processes
     * are there.
     *
     * @return the very first run
     */
    private Run warm(RelayCandidate relay, SmtpLoad.Receiver sink, List<Load> loads) throws Exception {
        boolean compiles = !relay.name().startsWith(Figures.POSTFIX);
        List<Run> runs = new ArrayList<>();
        for (Load each : loads) {
            int all = each.messages(messages);
            runs.add(run(relay, sink, each, compiles ? all : Math.min(all, Math.max(200, all / 10))));
        }
        return runs.getFirst();
    }

    private int next(int count) {
        int first = brought;
        // From a multiple of 100 on: the server defers and refuses by the last two digits.
        brought += (count + 99) / 100 * 100;
        return first;
    }

    private Run run(RelayCandidate relay, SmtpLoad.Receiver sink, Load each, int count) throws Exception {
        var meter = new Meter(relay, sink, count);
        return meter.end(send(relay.port(), each, SESSIONS, count));
    }

    /** Brings messages until all are accepted. */
    private SmtpLoad.Sent send(int port, Load each, int sessions, int count) throws Exception {
        try (var sending = load.send(port, each, sessions, next(count), count, certificate, false)) {
            return sending.await();
        }
    }

    /** Halfway the relay is killed and started again; the clients bring again what was not accepted. */
    private Run runWithKill(RelayCandidate relay, SmtpLoad.Receiver sink, Load each) throws Exception {
        var meter = new Meter(relay, sink, messages);
        try (var sending = load.send(relay.port(), each, SESSIONS, next(messages), messages, certificate, true)) {
            sending.awaitHalf();
            relay.kill();
            relay.restart();
            // What was killed has taken its time along, and this process counts it for an ended child's.
            Run run = meter.endWithLosses(sending.await()).withoutCpu();
            say(String.format(Locale.ROOT, "  %-24s longest time without a 250 %.2f s, %d accepted and lost",
                    relay.name(), run.sent.gap() / 1000, run.lost));
            figures.add(GAP, relay.name(), run.sent.gap());
            figures.add(LOST, relay.name(), (double) run.lost);
            return run;
        }
    }

    /** Times of one run, from where it is made on. */
    private static final class Meter {
        private final RelayCandidate relay;
        private final SmtpLoad.Receiver sink;
        private final int count;
        private final long before;
        private final Duration relayBefore;
        private final Duration clientBefore = Processes.ended();
        private final Duration sinkBefore;
        private final long start;

        Meter(RelayCandidate relay, SmtpLoad.Receiver sink, int count) {
            this.relay = relay;
            this.sink = sink;
            this.count = count;
            before = sink.count();
            relayBefore = relay.cpu();
            sinkBefore = sink.cpu();
            start = System.nanoTime();
        }

        /** All are accepted; waits until all are delivered. */
        Run end(SmtpLoad.Sent sent) throws InterruptedException {
            long accepted = System.nanoTime();
            sink.awaitCount(before + count);
            return run(sent, accepted, System.nanoTime(), count);
        }

        /** All are accepted; waits until all are delivered, or no more come. */
        Run endWithLosses(SmtpLoad.Sent sent) throws InterruptedException {
            long accepted = System.nanoTime();
            long last = accepted;
            long delivered = sink.count() - before;
            while (delivered < count && System.nanoTime() - last < LAST_DELIVERY.toNanos()) {
                Thread.sleep(10);
                long now = sink.count() - before;
                if (now > delivered) {
                    delivered = now;
                    last = System.nanoTime();
                }
            }
            return run(sent, accepted, last, delivered);
        }

        private Run run(SmtpLoad.Sent sent, long accepted, long last, long delivered) throws InterruptedException {
            Duration client = Processes.ended().minus(clientBefore);
            return new Run(count * 1e9 / (accepted - start), delivered * 1e9 / (last - start),
                    each(idle(relay).minus(relayBefore)), each(client), each(sink.cpu().minus(sinkBefore)),
                    count - delivered, sent);
        }

        private double each(Duration time) {
            return time.toMillis() / (double) count;
        }
    }

    /** Its time once it does no more, such as removing what was delivered; after three seconds in any case. */
    private static Duration idle(RelayCandidate relay) throws InterruptedException {
        Duration before = relay.cpu();
        for (int i = 0; i < 15; i++) {
            Thread.sleep(200);
            Duration now = relay.cpu();
            if (now.minus(before).toMillis() <= 10) {
                return now;
            }
            before = now;
        }
        return before;
    }

    private void latency(RelayCandidate relay) throws Exception {
        SmtpLoad.Sent sent = send(relay.port(), Load.PLAIN_EACH, 1, LATENCY_MESSAGES);
        say(String.format(Locale.ROOT, "  %-24s one session, a connection each: p50 %.2f ms, p99 %.2f ms",
                relay.name(), sent.p50(), sent.p99()));
        figures.add(P50, relay.name(), sent.p50());
    }

    /** Sees that all are signed, or none, and what that took. */
    private void costOfSigning(RelayCandidate relay, SmtpLoad.Receiver sink, Load each) {
        long messagesTaken = sink.count("messages");
        long signed = sink.count("signed");
        if (signed != (each == Load.SIGNED ? messagesTaken : 0)) {
            throw new IllegalStateException(relay.name() + ": of " + messagesTaken + " messages " + signed
                    + " are signed");
        }
        if (relay.name().equals(Figures.POSTRIDER) && each == Load.SIGNED) {
            figures.add(DKIM, relay.name(), figures.last(each.cpu(), relay.name())
                    - figures.last(Load.UNSIGNED.cpu(), relay.name()));
        }
    }

    /** Sees that clients which resume had at most one whole handshake each, and that others had no other. */
    private static void checkResumed(String relay, Load load, SmtpLoad.Sent sent) {
        boolean asMeant = load.resumes() ? sent.connections() - sent.resumed() <= SESSIONS : sent.resumed() == 0;
        if (!asMeant) {
            throw new IllegalStateException(relay + ", " + load.text() + ": of " + sent.connections()
                    + " connections " + sent.resumed() + " are resumed");
        }
    }

    private static String line(String name, Load load, Run run) {
        String line = String.format(Locale.ROOT, "  %-24s %s: accepted %.0f/s, end to end %.0f/s", name, load.text(),
                run.accepted, run.endToEnd);
        if (!Double.isNaN(run.cpu)) {
            line += String.format(Locale.ROOT, ", CPU of a message %.2f ms (client %.2f, sink %.2f)", run.cpu,
                    run.client, run.sink);
        }
        if (load.login()) {
            line += String.format(Locale.ROOT, ", %d of %d connections resumed", run.sent.resumed(),
                    run.sent.connections());
        }
        return line;
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
