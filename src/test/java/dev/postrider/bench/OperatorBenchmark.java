package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FreePort;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Console;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How long the operator takes for many organizations, and what it costs: a real API server, a real upstream server,
 * the operator as its own process with the flags it is shipped with. Nobody runs pods, so the relay's Deployment is
 * marked available.
 */
final class OperatorBenchmark {
    /** As the chart has them, with its share of its memory limit in place of a percentage of this machine's. */
    static final List<String> CHART_OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Xmx256m", "-XX:NewRatio=4");
    private static final int APPLIERS = 16;
    /** As many MailServers as the chart lets a namespace have. */
    private static final int MOST_OF_NAMESPACE = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final List<String> KINDS = List.of("organizationmailsettings", "mailservers",
            "licenseexpirynotices");
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: organization-$NUMBER, namespace: $NAMESPACE}
            spec:
              identity: {from: {address: noreply@organization-$NUMBER.example, name: Organization $NUMBER}}
              administrators: [postmaster@organization-$NUMBER.example]
            """;

    private static final String OWN_SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: organization-$NUMBER, namespace: $NAMESPACE}
            spec:
              smtp: {host: mail.organization-$NUMBER.example}
            """;
    private static final String NOTICE = """
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: organization-$NUMBER, namespace: $NAMESPACE}
            spec:
              organizationRef: {name: organization-$NUMBER}
              license: {name: Example Console, expiryDate: "2035-01-31"}
              daysBefore: 20
            """;

    private final int organizations;
    private final int namespaces;
    private final KubernetesClient client;
    private final int port;

    private OperatorBenchmark(int organizations, KubernetesClient client, int port) {
        this.organizations = organizations;
        this.namespaces = Math.max(10, Math.ceilDiv(organizations, MOST_OF_NAMESPACE));
        this.client = client;
        this.port = port;
    }

    /**
     * Arguments: the number of organizations (1000), then options for the operator's virtual machine (the chart's, and
     * an AOT cache).
     */
    public static void main(String[] arguments) throws Exception {
        int organizations = arguments.length == 0 ? 1000 : Integer.parseInt(arguments[0]);
        List<String> options = arguments.length < 2 ? withCache() : List.of(arguments).subList(1, arguments.length);
        say("machine: " + Machine.description());
        say("load average before: " + Machine.load());
        say("operator: java " + String.join(" ", options) + " -jar target/postrider.jar operator");
        boolean complete = run(organizations, options);
        say("load average after: " + Machine.load());
        System.exit(complete ? 0 : 1);
    }

    private static List<String> withCache() throws Exception {
        AotCache.ensure();
        return Stream.concat(CHART_OPTIONS.stream(), Stream.of("-XX:AOTCache=" + AotCache.FILE)).toList();
    }

    /** Measures with so many; whether all became Ready. */
    static boolean run(int organizations, List<String> options) throws Exception {
        int port = FreePort.find();
        try (var sink = JarProcess.start(CHART_OPTIONS, List.of("sink", "--port=" + port), Map.of());
                var api = ApiServer.start();
                var client = api.newClient()) {
            var benchmark = new OperatorBenchmark(organizations, client, port);
            var operator = BenchInstallation.start(api, client, port,
                    IntStream.range(0, benchmark.namespaces).mapToObj(OperatorBenchmark::namespace).toList(), options);
            return benchmark.measure(api, operator, sink, options);
        }
    }

    /** What one phase took. */
    private record Phase(String name, Duration time, CpuTimes cpu, ServerRequests writes, long resident,
            long highest) {
        Duration cpu(String process) {
            return cpu.of().getOrDefault(process, Duration.ZERO);
        }
    }

    private boolean measure(ApiServer api, OperatorUnderTest operator, JarProcess sink, List<String> options)
            throws Exception {
        Map<String, ProcessHandle> others = new LinkedHashMap<>();
        others.put("kube-apiserver", CpuTimes.descendant("kube-apiserver"));
        others.put("etcd", CpuTimes.descendant("etcd"));
        others.put("this program", ProcessHandle.current());
        others.put("SMTP server", sink.handle());
        List<Phase> phases = new ArrayList<>();
        boolean complete;
        try (operator;
                var requests = new ApiRequests(client.getConfiguration());
                var watch = new ReadyWatch(requests, "organizationmailsettings", organizations);
                var servers = new ReadyWatch(requests, "mailservers", organizations + 1);
                var notices = new ReadyWatch(requests, "licenseexpirynotices", organizations)) {
            var before = ServerRequests.now(client);
            var processes = with(operator, others);
            var cpuBefore = CpuTimes.now(processes);
            var first = System.nanoTime();
            Future<Long> last = Executors.newSingleThreadExecutor().submit(() -> applyAll(requests));
            complete = awaitReady(List.of(watch, servers, notices), first, last);
            var ready = System.nanoTime();
            var cpu = CpuTimes.now(processes).since(cpuBefore);
            awaitQuietServer();
            phases.add(phase("made", operator, ready - first, cpu, before));
            say("ready: " + watch.count() + " organizations, " + servers.count() + " servers, " + notices.count()
                    + " notices of " + organizations + " each"
                    + (complete
                            ? ""
                            : "; last that were not: " + watch.lastNotReady() + " " + servers.lastNotReady() + " "
                                    + notices.lastNotReady()));
            figure("last apply to all Ready", seconds(ready - last.get()), "");
            figure("process start to /readyz 200", seconds(operator.untilReady().toNanos()), "3 s");
            figure("  CPU", seconds(operator.startCpu().toNanos()), "");
        }
        var before = ServerRequests.now(client);
        var cpuBefore = CpuTimes.now(others);
        var started = System.nanoTime();
        try (var again = OperatorUnderTest.start(api.kubeconfig(), BenchInstallation.NAMESPACE, options)) {
            var processes = with(again, others);
            long quiet = awaitQuiet(again, started);
            phases.add(phase("restarted", again, quiet - started, CpuTimes.now(processes).since(cpuBefore), before));

            before = ServerRequests.now(client);
            cpuBefore = CpuTimes.now(processes);
            var changed = System.nanoTime();
            BenchInstallation.applyServer(api, "localhost", port);
            quiet = awaitQuiet(again, changed);
            phases.add(phase("global server changed", again, quiet - changed,
                    CpuTimes.now(processes).since(cpuBefore), before));
        }
        table(phases);
        return complete;
    }

    private static Map<String, ProcessHandle> with(OperatorUnderTest operator, Map<String, ProcessHandle> others) {
        Map<String, ProcessHandle> all = new LinkedHashMap<>();
        all.put("operator", operator.process().handle());
        all.putAll(others);
        return all;
    }

    private Phase phase(String name, OperatorUnderTest operator, long nanoseconds, CpuTimes cpu,
            ServerRequests before) {
        if (!operator.process().isAlive()) {
            throw new IllegalStateException("the operator ended; see " + operator.process().log());
        }
        return new Phase(name, Duration.ofNanos(nanoseconds), cpu, ServerRequests.now(client).since(before).writes(),
                operator.process().mebibytes("VmRSS"), operator.process().mebibytes("VmHWM"));
    }

    /** A column for each phase. */
    private void table(List<Phase> phases) {
        row("", phases, Phase::name);
        row("time", phases, phase -> seconds(phase.time().toNanos()));
        row("resident memory, MiB", phases, phase -> Long.toString(phase.resident()));
        row("resident memory at most, MiB", phases, phase -> Long.toString(phase.highest()));
        phases.getFirst()
                .cpu()
                .of()
                .keySet()
                .forEach(process -> row("CPU: " + process, phases,
                        phase -> seconds(phase.cpu(process).toNanos())));
        row("CPU: operator, ms for each organization", phases, phase -> String.format(Locale.ROOT, "%.2f",
                phase.cpu("operator").toNanos() / 1e6 / organizations));
        phases.stream()
                .flatMap(phase -> phase.writes().counts().keySet().stream())
                .distinct()
                .sorted()
                .forEach(what -> row(what, phases, phase -> Long.toString(phase.writes().of(what) - own(phase, what))));
        say("Writes are those of the operator.");
    }

    /** What this program has written. */
    private long own(Phase phase, String what) {
        boolean made = phase.name().equals("made") && KINDS.stream().anyMatch(kind -> what.equals("APPLY " + kind));
        boolean changed = phase.name().equals("global server changed") && what.equals("PATCH mailservers");
        return made ? organizations : changed ? 1 : 0;
    }

    private static void row(String name, List<Phase> phases, Function<Phase, String> value) {
        say("%-42s".formatted(name)
                + phases.stream().map(phase -> "%24s".formatted(value.apply(phase))).collect(Collectors.joining()));
    }

    /** Waits until the operator has done next to nothing for three seconds; since when, by {@link System#nanoTime}. */
    private static long awaitQuiet(OperatorUnderTest operator, long since) throws InterruptedException {
        long busy = System.nanoTime();
        long end = since + PATIENCE.toNanos();
        Duration before = Duration.ZERO;
        while (System.nanoTime() - busy < Duration.ofSeconds(3).toNanos() && System.nanoTime() < end) {
            Thread.sleep(250);
            Duration now = operator.process().handle().info().totalCpuDuration().orElseThrow();
            if (now.minus(before).compareTo(Duration.ofMillis(30)) > 0) {
                busy = System.nanoTime();
            }
            before = now;
        }
        return busy;
    }

    /** Applies all, on so many threads; the time of the last answer. */
    private long applyAll(ApiRequests requests) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(APPLIERS, Thread.ofVirtual().factory())) {
            List<Future<?>> applied = new ArrayList<>();
            for (int i = 0; i < organizations; i++) {
                String number = Integer.toString(i);
                String namespace = namespace(i % namespaces);
                applied.add(threads.submit(() -> {
                    for (var kind : List.of(Map.entry("mailservers", OWN_SERVER),
                            Map.entry("organizationmailsettings", ORGANIZATION),
                            Map.entry("licenseexpirynotices", NOTICE))) {
                        requests.apply("/apis/postrider.dev/v1alpha1/namespaces/" + namespace + "/" + kind.getKey()
                                + "/organization-" + number,
                                kind.getValue().replace("$NUMBER", number).replace("$NAMESPACE", namespace));
                    }
                    return null;
                }));
            }
            for (Future<?> one : applied) {
                one.get();
            }
        }
        return System.nanoTime();
    }

    private boolean awaitReady(List<ReadyWatch> watches, long first, Future<Long> last)
            throws InterruptedException, ExecutionException {
        long end = first + PATIENCE.toNanos();
        boolean all = true;
        for (ReadyWatch watch : watches) {
            boolean ready = watch.await(250);
            while (!ready && System.nanoTime() < end) {
                progress(watches.getFirst().count(), System.nanoTime() - first);
                ready = watch.await(250);
            }
            all &= ready;
        }
        progress(watches.getFirst().count(), System.nanoTime() - first);
        last.get();
        return all;
    }

    /** Waits until two seconds bring no more writes. */
    private void awaitQuietServer() {
        await().atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofSeconds(2))
                .until(new java.util.concurrent.Callable<Boolean>() {
                    private ServerRequests before = ServerRequests.now(client).writes();

                    @Override
                    public Boolean call() {
                        var now = ServerRequests.now(client).writes();
                        boolean quiet = now.equals(before);
                        before = now;
                        return quiet;
                    }
                });
    }

    private void progress(int ready, long nanoseconds) {
        if (Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()) {
            System.err.printf(Locale.ROOT, "\r%d of %d Ready, %s ", ready, organizations, seconds(nanoseconds));
            if (ready == organizations) {
                System.err.println();
            }
        }
    }

    private static String namespace(int number) {
        return "tenants-" + number;
    }

    private static String seconds(long nanoseconds) {
        return String.format(Locale.ROOT, "%.2f s", nanoseconds / 1e9);
    }

    private static void figure(String name, String value, String goal) {
        say("%-40s %12s%s".formatted(name, value, goal.isEmpty() ? "" : "   goal: at most " + goal));
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
