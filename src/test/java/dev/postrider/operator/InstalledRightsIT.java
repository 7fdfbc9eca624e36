package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The operator as the chart installs it, with the rights that the chart gives it and no others: those of a ClusterRole
 * where it watches all namespaces, of Roles where it watches some. It has an API server of its own, since it would take
 * over the other tests' resources.
 */
@UsesApiServer
final class InstalledRightsIT {
    private static final String NAMESPACE = "postrider-system";
    private static final Duration SOON = Duration.ofSeconds(20);

    private ApiServer api;
    private ScriptedSmtpServer upstream;

    @BeforeEach
    void start() throws IOException {
        api = ApiServer.start();
        upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
        api.kubectl("create", "namespace", NAMESPACE);
    }

    /** @param chart what helm renders: ChartIT holds the file to that; the servers of tests are on loopback */
    private RunningOperator install(String chart) throws IOException {
        String rendered = Files.readString(Path.of("src/test/resources/chart", chart))
                .replace("\"allowedNetworks\":[]", "\"allowedNetworks\":[\"127.0.0.1\"]");
        var applied = api.kubectlWithInput(rendered, "apply", "--server-side", "-f", "-");
        assertThat(applied.err()).isEmpty();
        var operator = RunningOperator.asInstalled(api, NAMESPACE, "acme");
        operator.credentials(NAMESPACE, "smarthost", "relay", "s3cret");
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: global, namespace: $OPERATOR}
                spec:
                  scope: Global
                  smtp:
                    host: 127.0.0.1
                    port: %d
                    security: None
                    authentication: {password: {secretRef: {name: smarthost}}}
                  test: {recipient: postmaster@example.com}
                """.formatted(upstream.port()));
        operator.startRelay();
        return operator;
    }

    @AfterEach
    void stop() throws IOException {
        upstream.close();
        api.close();
    }

    @Test
    void namespacesThatComeAfterItsStartAreServed() throws IOException {
        try (var operator = install("default.yaml")) {
            for (var tenant : new String[]{"acme", "globex"}) {
                api.kubectl("create", "namespace", tenant);
                declare(operator, tenant);
            }
            for (var tenant : new String[]{"acme", "globex"}) {
                awaitMail(operator, tenant);
            }
            assertThat(upstream.messages()).hasSize(3);
        }
    }

    private static int metrics(RunningOperator operator, String token) throws IOException {
        var asked = (HttpURLConnection) URI.create("http://127.0.0.1:" + operator.process().metricsPort() + "/metrics")
                .toURL()
                .openConnection();
        if (!token.isEmpty()) {
            asked.setRequestProperty("Authorization", "Bearer " + token);
        }
        return asked.getResponseCode();
    }

    @Test
    @Tag("isolation")
    void strangersReadNoMetricsAndKeepNoProbeOut() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try (var operator = install("default.yaml")) {
            api.kubectl("create", "serviceaccount", "stranger", "-n", NAMESPACE);
            api.kubectl("create", "serviceaccount", "prometheus", "-n", NAMESPACE);
            api.kubectl("create", "clusterrole", "metrics", "--verb=get", "--non-resource-url=/metrics");
            api.kubectl("create", "clusterrolebinding", "metrics", "--clusterrole=metrics",
                    "--serviceaccount=" + NAMESPACE + ":prometheus");
            for (int i = 0; i < 1_200; i++) {
                idle.add(new Socket(InetAddress.getLoopbackAddress(), operator.process().metricsPort()));
                idle.add(new Socket(InetAddress.getLoopbackAddress(), operator.process().healthPort()));
            }
            assertThat(operator.get("/healthz")).isEqualTo("ok\n");
            assertThat(operator.get("/readyz")).isEqualTo("ok\n");
            assertThat(metrics(operator, "")).isEqualTo(401);
            assertThat(metrics(operator, "made-up")).isEqualTo(401);
            assertThat(metrics(operator, api.kubectl("create", "token", "stranger", "-n", NAMESPACE).out().strip()))
                    .isEqualTo(403);
            assertThat(metrics(operator,
                    api.kubectl("create", "token", "prometheus", "-n", NAMESPACE).out().strip()))
                    .isEqualTo(200);
            assertThat(operator.get("/metrics"))
                    .contains("postrider_http_refused_total{port=\"health\",reason=\"displaced\"}");
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void namedNamespacesAreServedWithRolesInThem() throws IOException {
        for (var tenant : new String[]{"acme", "globex", "mail", "initech"}) {
            api.kubectl("create", "namespace", tenant);
        }
        try (var operator = install("watch-namespaces.yaml")) {
            declare(operator, "initech");
            declare(operator, "acme");
            awaitMail(operator, "acme");
            assertThat(operator.kubectl("get", "oms", "main", "-n", "initech")).contains("Pending");
        }
    }

    /** Of a request for a Namespace itself, RBAC takes its name for the namespace: a Role there grants it. */
    @Test
    @Tag("organizations")
    void bindingsAreCopiedAmongNamedNamespacesWithRolesInThem() throws IOException {
        for (var tenant : new String[]{"acme", "globex", "mail", "initech"}) {
            api.kubectl("create", "namespace", tenant);
        }
        for (var target : new String[]{"globex", "initech"}) {
            api.kubectl("label", "namespace", target, "postrider.dev/accept-bindings-from=acme");
        }
        assertThat(mayGetNamespace("globex")).isEqualTo("no");
        try (var operator = install("watch-namespaces.yaml")) {
            assertThat(mayGetNamespace("globex")).isEqualTo("yes");
            assertThat(mayGetNamespace("initech")).isEqualTo("no");
            operator.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: OrganizationMailSettings
                    metadata: {name: main, namespace: acme}
                    spec:
                      identity: {from: {address: noreply@acme.example}}
                      binding: {copies: [globex, initech, no-such]}
                    """);
            var copy = operator.client().secrets().inNamespace("globex").withName("acme.main-mail");
            var binding = operator.client().secrets().inNamespace("acme").withName("main-mail");

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(copy.get()).isNotNull()
                            .extracting(Secret::getData)
                            .isEqualTo(binding.require().getData()));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(operator.organizationCondition("acme", "main", "BindingCopied"))
                            .get()
                            .satisfies(condition -> {
                                assertThat(condition.reason()).isEqualTo("NotAccepted");
                                assertThat(condition.message().split("; "))
                                        .hasSize(2)
                                        .satisfies(told -> assertThat(told[0])
                                                .as("as little is told of one that the installation does not work in")
                                                .isEqualTo(told[1].replace("no-such", "initech")));
                            }));
            assertThat(operator.kubectl("get", "secrets", "-n", "initech")).contains("No resources found");

            api.kubectl("label", "namespace", "globex", "postrider.dev/accept-bindings-from-");
            operator.process().lookAgain();
            await().atMost(SOON).untilAsserted(() -> assertThat(copy.get()).isNull());
        }
    }

    private String mayGetNamespace(String name) {
        return api.kubectl("auth", "can-i", "get", "namespaces/" + name, "-n", name,
                "--as=system:serviceaccount:" + NAMESPACE + ":postrider-operator").out().strip();
    }

    private void declare(RunningOperator operator, String tenant) {
        operator.credentials(tenant, "own", "relay", "s3cret");
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: own, namespace: %1$s}
                spec:
                  smtp:
                    host: 127.0.0.1
                    port: %2$d
                    security: None
                    authentication: {password: {secretRef: {name: own}}}
                  test: {recipient: postmaster@%1$s.example}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: main, namespace: %1$s}
                spec:
                  servers: [{name: own}]
                  identity: {from: {address: noreply@%1$s.example}}
                """.formatted(tenant, upstream.port()));
    }

    private void awaitMail(RunningOperator operator, String tenant) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.organizationCondition(tenant, "main", "Ready")).get()
                        .extracting(Condition::reason)
                        .isEqualTo("MailWorks"));
        Secret binding = operator.client().secrets().inNamespace(tenant).withName("main-mail").require();
        assertThat(Caches.entry(binding, "username")).contains("main." + tenant);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", tenant))
                        .contains("TestSendSucceeded"));
    }

    /** A port of another number cannot be taken back by a patch, so this needs another verb. */
    @Test
    void itsRightsSufficeToMendTheRelaysService() throws IOException {
        try (var operator = install("default.yaml")) {
            var service = operator.client().services().inNamespace(NAMESPACE).withName(RelayNames.NAME);

            service.edit(
                    s -> new ServiceBuilder(s).editSpec().editFirstPort().withPort(2525).endPort().endSpec().build());

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(service.require().getSpec().getPorts()).hasSize(3)
                            .noneMatch(port -> port.getPort() == 2525));
        }
    }

    @Test
    void itsRightsSufficeToDeleteWhatIsConfirmed() throws IOException {
        try (var operator = install("default.yaml")) {
            api.kubectl("create", "namespace", "acme");
            operator.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: own, namespace: $TENANT}
                    spec:
                      smtp: {host: 127.0.0.1, port: %d, security: None}
                      deletionConfirmation: Delete
                    """.formatted(upstream.port()));
            await().atMost(SOON)
                    .until(() -> operator.serverCondition("acme", "own", "Ready")
                            .filter(c -> c.status() == Condition.Status.True)
                            .isPresent());

            operator.kubectl("delete", "ms", "own", "-n", "acme", "--wait=false");

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(operator.kubectl("get", "ms", "own", "-n", "acme"))
                            .contains("NotFound"));
        }
    }
}
