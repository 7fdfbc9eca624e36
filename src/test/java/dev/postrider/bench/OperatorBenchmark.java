package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.api.MailServer;
import dev.postrider.operator.Settings;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FreePort;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
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
import java.util.stream.Stream;

/**
 * How long the operator takes for many organizations, and what it costs: a real API server, a real upstream server,
 * the operator as its own process with the flags it is shipped with. Nobody runs pods, so the relay's Deployment is
 * marked available.
 */
final class OperatorBenchmark {
    /** As the chart has them, with its share of its memory limit in place of a percentage of this machine's. */
    static final List<String> CHART_OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Xmx128m");
    private static final int APPLIERS = 16;
    private static final int NAMESPACES = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final String OPERATOR = "postrider";
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: global, namespace: postrider}
            spec:
              scope: Global
              smtp: {host: 127.0.0.1, port: $PORT, security: None}
              test: {recipient: postmaster@example.com}
            """;
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: organization-$NUMBER, namespace: $NAMESPACE}
            spec:
              identity: {from: {address: noreply@organization-$NUMBER.example, name: Organization $NUMBER}}
              administrators: [postmaster@organization-$NUMBER.example]
            """;

    private final int organizations;
    private final KubernetesClient client;

    private OperatorBenchmark(int organizations, KubernetesClient client) {
        this.organizations = organizations;
        this.client = client;
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
            var benchmark = new OperatorBenchmark(organizations, client);
            benchmark.createNamespacesAndSettings();
            try (var operator = OperatorUnderTest.start(api.kubeconfig(), OPERATOR, options)) {
                benchmark.startServer(api, port);
                return benchmark.measure(operator, sink);
            }
        }
    }

    private void createNamespacesAndSettings() {
        List<String> namespaces = new ArrayList<>(List.of(OPERATOR));
        for (int i = 0; i < NAMESPACES; i++) {
            namespaces.add(namespace(i));
        }
        namespaces.forEach(name -> client
                .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
                .create());
        client.resource(new ConfigMapBuilder().withNewMetadata()
                .withNamespace(OPERATOR)
                .withName("postrider-settings")
                .withLabels(Map.of(Settings.LABEL, "true"))
                .endMetadata()
                .withData(Map.of(Settings.KEY, "{}"))
                .build()).create();
    }

    /** A proved global server, and a relay that is said to run. */
    private void startServer(ApiServer api, int port) {
        var applied = api.kubectlWithInput(SERVER.replace("$PORT", Integer.toString(port)), "apply", "-f", "-");
        if (applied.exitCode() != 0) {
            throw new IllegalStateException(applied.toString());
        }
        var deployment = client.apps().deployments().inNamespace(OPERATOR).withName(RelayWorkload.NAME);
        await().atMost(Duration.ofMinutes(1)).until(() -> deployment.get() != null);
        deployment.subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE),
                        "{\"status\":{\"replicas\":1,\"availableReplicas\":1,\"readyReplicas\":1}}");
        await().atMost(Duration.ofMinutes(1)).until(this::serverIsReadyAndRelayAvailable);
    }

    private boolean serverIsReadyAndRelayAvailable() {
        var server = client.resources(MailServer.class).inNamespace(OPERATOR).withName("global").require();
        return server.getStatus() != null && server.getStatus().conditions() != null
                && server.getStatus()
                        .conditions()
                        .stream()
                        .filter(c -> List.of("Ready", "RelayAvailable").contains(c.type()))
                        .allMatch(c -> c.status().name().equals("True"));
    }

    private boolean measure(OperatorUnderTest operator, JarProcess sink) throws Exception {
        Map<String, ProcessHandle> processes = new LinkedHashMap<>();
        processes.put("operator", operator.process().handle());
        processes.put("kube-apiserver", CpuTimes.descendant("kube-apiserver"));
        processes.put("etcd", CpuTimes.descendant("etcd"));
        processes.put("this program", ProcessHandle.current());
        processes.put("SMTP server", sink.handle());
        try (var requests = new ApiRequests(client.getConfiguration());
                var watch = new ReadyWatch(requests, organizations)) {
            var requestsBefore = ServerRequests.now(client);
            var cpuBefore = CpuTimes.now(processes);
            var first = System.nanoTime();
            Future<Long> last = Executors.newSingleThreadExecutor().submit(() -> applyAll(requests));
            boolean complete = awaitReady(watch, first, last);
            var ready = System.nanoTime();
            var cpu = CpuTimes.now(processes).since(cpuBefore);
            awaitQuiet();
            var writes = ServerRequests.now(client).since(requestsBefore).writes();

            say("ready: " + watch.count() + " of " + organizations
                    + (complete ? "" : "; last that was not: " + watch.lastNotReady()));
            figure("first apply to all Ready", seconds(ready - first), "8 s");
            figure("last apply to all Ready", seconds(ready - last.get()), "");
            figure("process start to /readyz 200", seconds(operator.untilReady().toNanos()), "3 s");
            figure("resident memory now", operator.process().mebibytes("VmRSS") + " MiB", "256 MiB");
            figure("resident memory at most", operator.process().mebibytes("VmHWM") + " MiB", "256 MiB");
            say("CPU time, first apply to all Ready:");
            cpu.of().forEach((name, time) -> figure("  " + name, seconds(time.toNanos()), ""));
            figure("  all, divided by the cores",
                    seconds(cpu.sum().toNanos() / Runtime.getRuntime().availableProcessors()), "");
            figure("  operator before, process start to ready", seconds(operator.startCpu().toNanos()), "");
            say("writes for each organization (the " + organizations + " applies of this program left out):");
            writes.counts().forEach((what, count) -> {
                long own = what.equals("APPLY organizationmailsettings") ? organizations : 0;
                figure("  " + what, String.format(Locale.ROOT, "%.3f", (count - own) / (double) organizations),
                        what.endsWith(" secrets") || what.endsWith("/status") ? "2" : "");
            });
            return complete;
        }
    }

    /** Applies all, on so many threads; the time of the last answer. */
    private long applyAll(ApiRequests requests) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(APPLIERS, Thread.ofVirtual().factory())) {
            List<Future<?>> applied = new ArrayList<>();
            for (int i = 0; i < organizations; i++) {
                String namespace = namespace(i % NAMESPACES);
                String path = "/apis/postrider.dev/v1alpha1/namespaces/%s/organizationmailsettings/organization-%d"
                        .formatted(namespace, i);
                String manifest = ORGANIZATION.replace("$NUMBER", Integer.toString(i)).replace("$NAMESPACE", namespace);
                applied.add(threads.submit(() -> {
                    requests.apply(path, manifest);
                    return null;
                }));
            }
            for (Future<?> one : applied) {
                one.get();
            }
        }
        return System.nanoTime();
    }

    private boolean awaitReady(ReadyWatch watch, long first, Future<Long> last)
            throws InterruptedException, ExecutionException {
        long end = first + PATIENCE.toNanos();
        boolean all = watch.await(250);
        while (!all && System.nanoTime() < end) {
            progress(watch.count(), System.nanoTime() - first);
            all = watch.await(250);
        }
        progress(watch.count(), System.nanoTime() - first);
        last.get();
        return all;
    }

    /** Waits until two seconds bring no more writes. */
    private void awaitQuiet() {
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
