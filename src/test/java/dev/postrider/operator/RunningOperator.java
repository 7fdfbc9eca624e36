package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.operator.installation.Settings;
import dev.postrider.operator.kit.Leadership;
import dev.postrider.operator.kit.OperatorClient;
import dev.postrider.operator.kit.Shard;
import dev.postrider.testing.ApiServer;
import dev.postrider.transport.GraphEndpoints;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.TestSender;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An operator in this process against the real API server, in a namespace of its own. It looks only at the namespaces
 * that it is given, so that several run side by side.
 */
final class RunningOperator implements AutoCloseable {
    private static final String LOOPBACK = "connections: {allowedNetworks: [127.0.0.1, \"::1\"]}\n";

    private final ApiServer api;
    private final KubernetesClient client;
    private final WriteRecorder writes = new WriteRecorder();
    private final KubernetesClient operatorClient;
    private final OperatorProcess process;
    private final String namespace;
    private final String tenant;

    /** Starts one; {@code settings} is more of settings.yaml. */
    RunningOperator(ApiServer api, String settings) throws IOException {
        this(api, settings, api.createNamespace("operator"), api.createNamespace("tenant"));
    }

    /**
     * Starts one in namespaces that are there, as where another ran before.
     *
     * @param others namespaces of further tenants
     */
    RunningOperator(ApiServer api, String settings, String namespace, String tenant, String... others)
            throws IOException {
        this(api, settings, InstantSource.system(), namespace, tenant, others);
    }

    /**
     * Starts one whose notices are due by a clock.
     *
     * @param others namespaces of further tenants
     */
    RunningOperator(ApiServer api, String settings, InstantSource calendar, String namespace, String tenant,
            String... others) throws IOException {
        writeSettings(api, namespace, "watchNamespaces: "
                + Stream.concat(Stream.of(tenant), Arrays.stream(others)).toList() + "\n" + settings);
        this(api, Config.fromKubeconfig(api.kubeconfig().toFile()), Shard.ONLY, InstantSource.system(), calendar,
                namespace,
                tenant);
    }

    private RunningOperator(ApiServer api, Config config, Shard shard, InstantSource clock, InstantSource calendar,
            String namespace, String tenant) throws IOException {
        this.api = api;
        this.client = api.newClient();
        this.namespace = namespace;
        this.tenant = tenant;
        Leadership leadership = new Leadership(() -> {});
        operatorClient = OperatorClient.builder(config, leadership)
                .withHttpClientBuilderConsumer(b -> b.addOrReplaceInterceptor("writes", writes))
                .build();
        process = new OperatorProcess(operatorClient,
                new OperatorProcess.Options(namespace, "postrider-settings", UUID.randomUUID().toString(),
                        "postrider:test", 0, 0, shard),
                (greeting, tenants, rules) -> new TestSender(
                        new MailUpstreams(greeting, true, tenants, GraphEndpoints.MICROSOFT, rules),
                        InstantSource.system()),
                clock, calendar, leadership);
    }

    /** Starts one where the chart was installed, with its settings, and with the rights that it gives and no others. */
    static RunningOperator asInstalled(ApiServer api, String namespace, String tenant) throws IOException {
        Config config = Config.fromKubeconfig(api.kubeconfig().toFile());
        config.setImpersonateUsername("system:serviceaccount:" + namespace + ":postrider-operator");
        return new RunningOperator(api, config, Shard.ONLY, InstantSource.system(), InstantSource.system(), namespace,
                tenant);
    }

    /**
     * Starts one of several, where the settings are.
     *
     * @param way to the API server
     */
    static RunningOperator ofShard(ApiServer api, Config way, Shard shard, InstantSource calendar, String namespace)
            throws IOException {
        return new RunningOperator(api, way, shard, InstantSource.system(), calendar, namespace, namespace);
    }

    /**
     * Starts one that reaches the API server by another way.
     *
     * @param other namespace of a further tenant
     */
    static RunningOperator through(ApiServer api, Config way, String settings, String other) throws IOException {
        String namespace = api.createNamespace("operator");
        String tenant = api.createNamespace("tenant");
        writeSettings(api, namespace, "watchNamespaces: " + List.of(tenant, other) + "\n" + settings);
        return new RunningOperator(api, way, Shard.ONLY, InstantSource.system(), InstantSource.system(), namespace,
                tenant);
    }

    /** Starts one for which all of its certificates' time passes by this clock. */
    static RunningOperator withClock(ApiServer api, InstantSource clock) throws IOException {
        String namespace = api.createNamespace("operator");
        String tenant = api.createNamespace("tenant");
        writeSettings(api, namespace, "watchNamespaces: [" + tenant + "]\n");
        return new RunningOperator(api, Config.fromKubeconfig(api.kubeconfig().toFile()), Shard.ONLY, clock,
                InstantSource.system(), namespace, tenant);
    }

    /** Writes settings.yaml for an operator that is yet to start; the servers of tests are on loopback. */
    static void writeSettings(ApiServer api, String namespace, String settings) {
        api.client()
                .resource(new ConfigMapBuilder().withNewMetadata()
                        .withNamespace(namespace)
                        .withName("postrider-settings")
                        .withLabels(Map.of(Settings.LABEL, "true"))
                        .endMetadata()
                        .withData(Map.of(Settings.KEY, LOOPBACK + settings))
                        .build())
                .serverSideApply();
    }

    /** The operator's namespace, where global servers are. */
    String namespace() {
        return namespace;
    }

    /** A namespace with an organization in it. */
    String tenant() {
        return tenant;
    }

    OperatorProcess process() {
        return process;
    }

    KubernetesClient client() {
        return client;
    }

    /** What the operator itself has written. */
    WriteRecorder writes() {
        return writes;
    }

    /** How many plans a controller has carried out so far, from its metrics. */
    double reconciliations(String controller) {
        return get("/metrics").lines()
                .filter(line -> line.startsWith("reconciliations_success_total{"))
                .filter(line -> line.contains("\"" + controller + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** Waits until nothing has been planned for a second. */
    void awaitQuiet(Duration patience) {
        await().atMost(patience).pollInterval(Duration.ofSeconds(1)).until(new Callable<Boolean>() {
            private double before = -1;

            @Override
            public Boolean call() {
                double now = Stream.of("organizationmailsettings", "mailserver", "licenseexpirynotice", "installation")
                        .mapToDouble(RunningOperator.this::reconciliations)
                        .sum();
                boolean quiet = now == before;
                before = now;
                return quiet;
            }
        });
    }

    /** What its port for probes, or for metrics, answers. */
    String get(String path) {
        return get(path.equals("/metrics") ? process.metricsPort() : process.healthPort(), path);
    }

    /** What a port of this installation answers to its own token. */
    String get(int port, String path) {
        try {
            URLConnection asked = URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
            asked.setRequestProperty("Authorization", "Bearer " + adminToken());
            return read(asked);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The installation's own token. */
    String adminToken() {
        return new String(Base64.getDecoder()
                .decode(client.secrets()
                        .inNamespace(namespace)
                        .withName("postrider-operator-keys")
                        .require()
                        .getData()
                        .get("admin-token")),
                StandardCharsets.UTF_8);
    }

    private static String read(URLConnection asked) throws IOException {
        try (var body = asked.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Applies manifests as kubectl does; {@code $OPERATOR} and {@code $TENANT} stand for the namespaces. */
    void apply(String manifests) {
        var result = api.kubectlWithInput(fill(manifests), "apply", "--validate=strict", "-f", "-");
        assertThat(result.exitCode()).as(result.toString()).isZero();
    }

    /** Declares the global server "global" on this machine, which is tested as soon as it is there. */
    void applyGlobalServer(int port) {
        apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: global, namespace: $OPERATOR}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  test: {recipient: postmaster@example.com}
                """.formatted(port));
    }

    /** Runs kubectl, with the namespaces filled in. */
    String kubectl(String... arguments) {
        var filled = List.of(arguments).stream().map(this::fill).toArray(String[]::new);
        var result = api.kubectl(filled);
        return result.out() + result.err();
    }

    private String fill(String text) {
        return text.replace("$OPERATOR", namespace).replace("$TENANT", tenant);
    }

    /** A labelled Secret with user name and password. */
    void credentials(String inNamespace, String name, String user, String password) {
        client.resource(new SecretBuilder().withNewMetadata()
                .withNamespace(inNamespace)
                .withName(name)
                .withLabels(Map.of("postrider.dev/credentials", "true"))
                .endMetadata()
                .withType("kubernetes.io/basic-auth")
                .withStringData(Map.of("username", user, "password", password))
                .build()).forceConflicts().serverSideApply();
    }

    /** Does what the Deployment controller and a node would: the relay's pod is there. */
    void startRelay() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> client.apps().deployments().inNamespace(namespace).withName(RelayNames.NAME).get(),
                        d -> d != null);
        client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(RelayNames.NAME)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE),
                        "{\"status\":{\"replicas\":1,\"availableReplicas\":1,\"readyReplicas\":1}}");
    }

    Optional<Condition> serverCondition(String inNamespace, String name, String type) {
        return Optional.ofNullable(client.resources(MailServer.class).inNamespace(inNamespace).withName(name).get())
                .flatMap(s -> find(s.getStatus() == null ? null : s.getStatus().conditions(), type));
    }

    Optional<Condition> organizationCondition(String name, String type) {
        return organizationCondition(tenant, name, type);
    }

    Optional<Condition> organizationCondition(String inNamespace, String name, String type) {
        return Optional
                .ofNullable(client.resources(OrganizationMailSettings.class)
                        .inNamespace(inNamespace)
                        .withName(name)
                        .get())
                .flatMap(o -> find(o.getStatus() == null ? null : o.getStatus().conditions(), type));
    }

    private static Optional<Condition> find(@Nullable List<Condition> conditions, String type) {
        return conditions == null
                ? Optional.empty()
                : conditions.stream().filter(c -> c.type().equals(type)).findFirst();
    }

    @Override
    public void close() {
        process.close();
        operatorClient.close();
        client.close();
    }
}
