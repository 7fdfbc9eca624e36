package dev.postrider.cli;

import dev.postrider.operator.OperatorProcess;
import dev.postrider.operator.kit.Leadership;
import dev.postrider.operator.kit.OperatorClient;
import dev.postrider.operator.kit.Shard;
import dev.postrider.transport.GraphEndpoints;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.TestSender;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the operator in a cluster, or against the cluster that the kubeconfig names. */
@Command(name = "operator", mixinStandardHelpOptions = true, description = {
        "Turns MailServers and OrganizationMailSettings into routes, bindings and a running relay, and sends the "
                + "notices of LicenseExpiryNotices.",
        "Runs until it is told to stop (SIGTERM, Ctrl-C)."})
final class OperatorCommand implements Callable<Integer> {
    @Option(names = "--namespace", paramLabel = "NAMESPACE", defaultValue = "${env:POD_NAMESPACE}", description = "Where its settings, the routes and the relay are (default: $POD_NAMESPACE, else that "
            + "of the kubeconfig).")
    @Nullable
    String namespace;

    @Option(names = "--settings", paramLabel = "CONFIGMAP", defaultValue = "postrider-settings", description = "The ConfigMap with its settings (default: ${DEFAULT-VALUE}).")
    String settings = "";

    @Option(names = "--identity", paramLabel = "NAME", defaultValue = "${env:POD_NAME}", description = "Tells this replica from the others (default: $POD_NAME, else a random one).")
    @Nullable
    String identity;

    @Option(names = "--image", paramLabel = "IMAGE", defaultValue = "${env:POSTRIDER_IMAGE:-postrider/postrider}", description = "What the relay runs where the settings name no image (default: ${DEFAULT-VALUE}).")
    String image = "";

    @Option(names = "--health-port", paramLabel = "PORT", defaultValue = "8081", description = "For /healthz and /readyz, which the kubelet asks (default: ${DEFAULT-VALUE}; 0 for any).")
    int healthPort;

    @Option(names = "--metrics-port", paramLabel = "PORT", defaultValue = "8080", description = "For /metrics, with a token that may get that path (default: ${DEFAULT-VALUE}; 0 for any).")
    int metricsPort;

    @Option(names = "--shard", paramLabel = "INDEX", defaultValue = "0", description = "Which of the --shards it is, from 0. The first runs the relay, too (default: ${DEFAULT-VALUE}).")
    int shard;

    @Option(names = "--shards", paramLabel = "NUMBER", defaultValue = "1", description = "Over how many operators the namespaces are spread, at most 16; each works for those that are its own (default: ${DEFAULT-VALUE}).")
    int shards;

    @Mixin
    GraphOptions graph;

    @Override
    public Integer call() throws IOException, InterruptedException {
        // Nothing may be written once another leads, as it would be by an orderly end.
        Leadership leadership = new Leadership(() -> Runtime.getRuntime().halt(CommandLine.ExitCode.SOFTWARE));
        try (Stop stop = new Stop();
                KubernetesClient client = OperatorClient.builder(Config.autoConfigure(null), leadership).build()) {
            GraphEndpoints endpoints = graph.endpoints();
            String where = OptionValue.given(namespace)
                    .or(() -> Optional.ofNullable(client.getNamespace()))
                    .orElse("default");
            OperatorProcess.Options options = new OperatorProcess.Options(where, settings,
                    OptionValue.given(identity).orElseGet(() -> UUID.randomUUID().toString()), image, healthPort,
                    metricsPort, endpoints, new Shard(shard, shards));
            OperatorProcess process = stop.orStart(() -> new OperatorProcess(client, options,
                    (greeting, tenants, rules) -> new TestSender(
                            new MailUpstreams(greeting, true, tenants, endpoints, rules),
                            InstantSource.system()),
                    InstantSource.system(), leadership));
            try {
                stop.await();
            } finally {
                process.close();
            }
        } catch (InterruptedIOException e) {
            // Asked to stop while it waited for the API server.
            return 0;
        }
        return 0;
    }
}
