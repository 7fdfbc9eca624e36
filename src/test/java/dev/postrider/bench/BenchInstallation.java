package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.api.MailServer;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.operator.installation.Settings;
import dev.postrider.testing.ApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** An installation that is measured: settings, the operator, a proved global server, and a relay that is said to run. */
final class BenchInstallation {
    static final String NAMESPACE = "postrider";
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: global, namespace: postrider}
            spec:
              scope: Global
              smtp: {host: $HOST, port: $PORT, security: None}
              test: {recipient: postmaster@example.com}
            """;

    private BenchInstallation() {}

    /**
     * Makes it, and returns when organizations would become Ready.
     *
     * @param port    of the global server on this machine
     * @param tenants namespaces that are made, too
     * @param options of the operator's virtual machine
     */
    static OperatorUnderTest start(ApiServer api, KubernetesClient client, int port, List<String> tenants,
            List<String> options) throws IOException {
        Stream.concat(Stream.of(NAMESPACE), tenants.stream())
                .forEach(name -> client
                        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
                        .create());
        client.resource(new ConfigMapBuilder().withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName("postrider-settings")
                .withLabels(Map.of(Settings.LABEL, "true"))
                .endMetadata()
                .withData(Map.of(Settings.KEY, "{}"))
                .build()).create();
        var operator = OperatorUnderTest.start(api.kubeconfig(), NAMESPACE, options);
        try {
            applyServer(api, "127.0.0.1", port);
            var deployment = client.apps().deployments().inNamespace(NAMESPACE).withName(RelayNames.NAME);
            await().atMost(PATIENCE).until(() -> deployment.get() != null);
            deployment.subresource("status")
                    .patch(PatchContext.of(PatchType.JSON_MERGE),
                            "{\"status\":{\"replicas\":1,\"availableReplicas\":1,\"readyReplicas\":1}}");
            await().atMost(PATIENCE).until(() -> isReady(client));
            return operator;
        } catch (RuntimeException e) {
            operator.close();
            throw e;
        }
    }

    /** Makes the global server, or has it at another name of this machine. */
    static void applyServer(ApiServer api, String host, int port) {
        var applied = api.kubectlWithInput(SERVER.replace("$HOST", host).replace("$PORT", Integer.toString(port)),
                "apply", "-f", "-");
        if (applied.exitCode() != 0) {
            throw new IllegalStateException(applied.toString());
        }
    }

    private static boolean isReady(KubernetesClient client) {
        var status = client.resources(MailServer.class).inNamespace(NAMESPACE).withName("global").require().getStatus();
        return status != null && status.conditions() != null
                && status.conditions()
                        .stream()
                        .filter(c -> List.of("Ready", "RelayAvailable").contains(c.type()))
                        .allMatch(c -> c.status().name().equals("True"));
    }
}
