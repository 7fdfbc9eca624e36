package dev.postrider.bench;

import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ExternalSecrets;
import dev.postrider.testing.FreePort;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Postrider's operator with so many organizations beside external-secrets with as many ExternalSecrets, one after the other
 * on the same API server. Each makes Secrets and a status of each; Postrider makes two Secrets and a finalizer besides.
 */
final class PeerBenchmark {
    private static final int APPLIERS = 16;
    private static final int NAMESPACES = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: organization-$NUMBER, namespace: $NAMESPACE}
            spec:
              identity: {from: {address: noreply@organization-$NUMBER.example, name: Organization $NUMBER}}
              administrators: [postmaster@organization-$NUMBER.example]
            """;
    private static final String STORE = """
            apiVersion: external-secrets.io/v1
            kind: ClusterSecretStore
            metadata: {name: fake}
            spec: {provider: {fake: {data: [{key: /mail/password, value: open sesame}]}}}
            """;
    private static final String EXTERNAL_SECRET = """
            apiVersion: external-secrets.io/v1
            kind: ExternalSecret
            metadata: {name: external-$NUMBER, namespace: $NAMESPACE}
            spec:
              refreshInterval: 24h
              secretStoreRef: {name: fake, kind: ClusterSecretStore}
              data: [{secretKey: password, remoteRef: {key: /mail/password}}]
            """;

    /** What an operator took for all of its resources. */
    private record Taken(Duration time, Map<String, Duration> cpu, long resident, Map<String, Long> writes) {}

    private final ApiServer api;
    private final KubernetesClient client;
    private final int count;

    private PeerBenchmark(ApiServer api, KubernetesClient client, int count) {
        this.api = api;
        this.client = client;
        this.count = count;
    }

    /** Arguments: the number of organizations, and of ExternalSecrets. */
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        AotCache.ensure();
        List<String> options = new ArrayList<>(OperatorBenchmark.CHART_OPTIONS);
        options.add("-XX:AOTCache=" + AotCache.FILE);
        say("machine: " + Machine.description());
        say("load average before: " + Machine.load());
        try (var api = ApiServer.start(); var client = api.newClient()) {
            var benchmark = new PeerBenchmark(api, client, count);
            Taken postrider = benchmark.postrider(options);
            Taken peer = benchmark.peer();
            benchmark.table(postrider, peer);
        }
        say("load average after: " + Machine.load());
        System.exit(0);
    }

    private Taken postrider(List<String> options) throws Exception {
        int port = FreePort.find();
        try (var _ = JarProcess.start(OperatorBenchmark.CHART_OPTIONS, List.of("sink", "--port=" + port), Map.of());
                var operator = BenchInstallation.start(api, client, port, namespaces(), options)) {
            return measure(operator.process().handle(), "postrider.dev/v1alpha1", "organizationmailsettings",
                    "organization-", ORGANIZATION);
        }
    }

    private Taken peer() throws Exception {
        try (var peer = ExternalSecrets.start(api, Files.createTempDirectory("external-secrets"))
                .orElseThrow(() -> new IllegalStateException(
                        "external-secrets can be neither found nor built: Go is needed"))) {
            var applied = api.kubectlWithInput(STORE, "apply", "--server-side", "-f", "-");
            if (applied.exitCode() != 0) {
                throw new IllegalStateException(applied.err());
            }
            var proved = api.kubectl("wait", "--for=condition=Ready", "clustersecretstore/fake", "--timeout=60s");
            if (proved.exitCode() != 0) {
                throw new IllegalStateException(proved.err());
            }
            return measure(peer.handle(), "external-secrets.io/v1", "externalsecrets", "external-", EXTERNAL_SECRET);
        }
    }

    private static List<String> namespaces() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < NAMESPACES; i++) {
            names.add(namespace(i));
        }
        return names;
    }

    private static String namespace(int number) {
        return "tenants-" + number;
    }

    /** Applies all and waits until all are Ready. */
    private Taken measure(ProcessHandle operator, String version, String plural, String prefix, String manifest)
            throws Exception {
        Map<String, ProcessHandle> processes = new LinkedHashMap<>();
        processes.put("operator", operator);
        processes.put("kube-apiserver", CpuTimes.descendant("kube-apiserver"));
        processes.put("etcd", CpuTimes.descendant("etcd"));
        try (var requests = new ApiRequests(client.getConfiguration());
                var watch = ReadyWatch.at(requests, "/apis/" + version + "/" + plural, count)) {
            var requestsBefore = ServerRequests.now(client);
            var cpuBefore = CpuTimes.now(processes);
            long start = System.nanoTime();
            apply(requests, version, plural, prefix, manifest);
            while (!watch.await(250)) {
                if (!operator.isAlive() || System.nanoTime() - start > PATIENCE.toNanos()) {
                    throw new IOException(
                            "only %d of %d %s became Ready; last that was not: %s".formatted(watch.count(),
                                    count, plural, watch.lastNotReady()));
                }
            }
            var time = Duration.ofNanos(System.nanoTime() - start);
            var cpu = CpuTimes.now(processes).since(cpuBefore);
            var writes = ServerRequests.now(client).since(requestsBefore).writes().counts();
            return new Taken(time, cpu.of(), Processes.mebibytes(operator.pid()), writes);
        }
    }

    private void apply(ApiRequests requests, String version, String plural, String prefix, String manifest)
            throws Exception {
        try (var threads = Executors.newFixedThreadPool(APPLIERS, Thread.ofVirtual().factory())) {
            List<Future<?>> applied = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String number = Integer.toString(i);
                String namespace = namespace(i % NAMESPACES);
                applied.add(threads.submit(() -> {
                    requests.apply(
                            "/apis/%s/namespaces/%s/%s/%s%s".formatted(version, namespace, plural, prefix, number),
                            manifest.replace("$NUMBER", number).replace("$NAMESPACE", namespace));
                    return null;
                }));
            }
            for (Future<?> one : applied) {
                one.get();
            }
        }
    }

    private void table(Taken postrider, Taken peer) {
        say("%-34s %12s %16s %8s".formatted(count + " of each", "Postrider", "external-secrets", "ratio"));
        row("first apply to all Ready, s", postrider.time.toMillis() / 1000.0, peer.time.toMillis() / 1000.0,
                "   goal: at most 0.60");
        postrider.cpu.forEach((name, time) -> row("CPU of " + name + ", s", time.toMillis() / 1000.0,
                peer.cpu.getOrDefault(name, Duration.ZERO).toMillis() / 1000.0, ""));
        row("memory after it, MiB", (double) postrider.resident, (double) peer.resident, "");
        row("writes of each, its own apply too", sum(postrider), sum(peer), "");
        say("writes: Postrider " + postrider.writes + ", external-secrets " + peer.writes);
    }

    private double sum(Taken taken) {
        return taken.writes.values().stream().mapToLong(Long::longValue).sum() / (double) count;
    }

    private static void row(String name, double postrider, double peer, String goal) {
        say(String.format(Locale.ROOT, "%-34s %12.2f %16.2f %8.2f%s", name, postrider, peer, postrider / peer, goal));
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
