package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A leader whose other requests wait in the API server's queue: of a priority level with few seats, which requests have
 * that wait for a webhook.
 */
@Tag("scale")
@UsesApiServer
final class QueuedRequestsIT {
    /** How many are queued; 10,000 in the long form. */
    private static final int REQUESTS = Integer.getInteger("postrider.queued", 500);

    /** The API server takes 100 at a time on a connection. */
    private static final int REQUESTS_OF_CONNECTION = 95;

    private static final Duration LEASE = Duration.ofSeconds(6);
    private static final Duration SOON = Duration.ofSeconds(60);

    private final ApiServer api;
    private final String namespace;
    private final CountDownLatch gate = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<KubernetesClient> clients = new ArrayList<>();
    private final AtomicBoolean elected = new AtomicBoolean();
    private final AtomicBoolean lost = new AtomicBoolean();
    private final Leadership leadership = new Leadership(() -> lost.set(true));
    private final HttpsServer webhook;
    private final LeaderElection election;

    QueuedRequestsIT(ApiServer api) throws Exception {
        this.api = api;
        namespace = api.createNamespace("queued");
        var authority = new TestCertificates("webhook's authority");
        webhook = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        webhook.setHttpsConfigurator(new HttpsConfigurator(authority.server("localhost").context()));
        webhook.setExecutor(threads);
        webhook.createContext("/", this::allow);
        webhook.start();
        apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: operator, namespace: $NAMESPACE}
                rules:
                  - {apiGroups: [""], resources: [configmaps], verbs: [create]}
                  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: operator, namespace: $NAMESPACE}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator}
                subjects: [{kind: ServiceAccount, name: postrider-operator, namespace: $NAMESPACE}]
                ---
                apiVersion: flowcontrol.apiserver.k8s.io/v1
                kind: PriorityLevelConfiguration
                metadata: {name: $NAMESPACE}
                spec:
                  type: Limited
                  limited:
                    nominalConcurrencyShares: 1
                    borrowingLimitPercent: 0
                    limitResponse: {type: Queue, queuing: {queues: 1, handSize: 1, queueLengthLimit: 20000}}
                ---
                apiVersion: flowcontrol.apiserver.k8s.io/v1
                kind: FlowSchema
                metadata: {name: $NAMESPACE}
                spec:
                  priorityLevelConfiguration: {name: $NAMESPACE}
                  matchingPrecedence: 300
                  rules:
                    - subjects:
                        - kind: ServiceAccount
                          serviceAccount: {name: postrider-operator, namespace: $NAMESPACE}
                      resourceRules: [{apiGroups: ["*"], resources: ["*"], namespaces: ["*"], verbs: ["*"]}]
                ---
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingWebhookConfiguration
                metadata: {name: $NAMESPACE}
                webhooks:
                  - name: slow.example.com
                    clientConfig: {url: "https://localhost:%d/", caBundle: %s}
                    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
                    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $NAMESPACE}}
                    timeoutSeconds: 30
                    sideEffects: None
                    admissionReviewVersions: [v1]
                """.formatted(webhook.getAddress().getPort(),
                Base64.getEncoder().encodeToString(authority.pem().getBytes(StandardCharsets.US_ASCII))));
        // As the chart has it.
        apply(Arrays.stream(Files.readString(Path.of("src/test/resources/chart/default.yaml")).split("\n---\n", -1))
                .filter(object -> object.contains("\nkind: FlowSchema\n"))
                .findFirst()
                .orElseThrow()
                .replace("postrider-system", namespace));
        election = new LeaderElection(config(), namespace, "operator", _ -> Map.of(), "one",
                LeaderElection.Timing.of(LEASE), InstantSource.system(), leadership, () -> elected.set(true));
    }

    private void apply(String manifests) {
        var result = api.kubectlWithInput(manifests.replace("$NAMESPACE", namespace), "apply", "--server-side", "-f",
                "-");
        assertThat(result.exitCode()).as(result.err()).isZero();
    }

    private Config config() {
        Config config = Config.fromKubeconfig(api.kubeconfig().toFile());
        config.setImpersonateUsername("system:serviceaccount:" + namespace + ":postrider-operator");
        return config;
    }

    /** Once the gate is open. */
    private void allow(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode review = new JsonMapper().readTree(exchange.getRequestBody());
            gate.await();
            byte[] answer = """
                    {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                    "response": {"uid": "%s", "allowed": true}}""".formatted(review.at("/request/uid").asText())
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void end() {
        leadership.close();
        election.close();
        clients.forEach(KubernetesClient::close);
        gate.countDown();
        threads.shutdownNow();
        webhook.stop(0);
        api.kubectl("delete", "flowschema/" + namespace, "flowschema/postrider-" + namespace + "-lease",
                "prioritylevelconfiguration/" + namespace, "validatingwebhookconfiguration/" + namespace);
    }

    @Test
    void aLeaderRenewsItsLeaseWhileItsOtherRequestsWait() {
        election.start();
        await().atMost(SOON).untilTrue(elected);
        // Until the API server goes by the new level.
        await().atMost(SOON).until(() -> metric("nominal_limit_seats") > 0);

        for (int sent = 0; sent < REQUESTS; sent += REQUESTS_OF_CONNECTION) {
            send(Math.min(REQUESTS_OF_CONNECTION, REQUESTS - sent));
        }
        await().atMost(SOON).until(() -> metric("current_inqueue_requests") > 0.95 * REQUESTS);
        Instant full = renewed();
        await().atMost(SOON).until(() -> lost.get() || renewed().isAfter(full.plus(LEASE)));

        assertThat(lost).as("lease lost").isFalse();
        // Who has waited for 15 seconds is refused, and comes again a little later.
        assertThat(metric("current_inqueue_requests")).as("still queued").isGreaterThan(0.5 * REQUESTS);
    }

    /** Requests of the operator, over one connection. */
    private void send(int count) {
        KubernetesClient client = OperatorClient.builder(config(), leadership).build();
        clients.add(client);
        client.getKubernetesVersion();
        ConfigMap created = new ConfigMapBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withGenerateName("queued-")
                .endMetadata()
                .build();
        for (int i = 0; i < count; i++) {
            threads.execute(() -> {
                try {
                    client.resource(created).create();
                } catch (KubernetesClientException e) {
                    // That is how the test ends it.
                    return;
                }
            });
        }
    }

    private Instant renewed() {
        return api.client()
                .leases()
                .inNamespace(namespace)
                .withName("operator")
                .require()
                .getSpec()
                .getRenewTime()
                .toInstant();
    }

    /** What the API server tells of the level, of all its flow schemas together. */
    private double metric(String name) {
        return api.client()
                .raw("/metrics")
                .lines()
                .filter(line -> line.startsWith("apiserver_flowcontrol_" + name + "{"))
                .filter(line -> line.contains("priority_level=\"" + namespace + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
