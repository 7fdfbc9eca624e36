package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An operator that watches all namespaces, as the chart installs it when it is told nothing else: with the rights of
 * its ClusterRole. It has an API server of its own, since it would take over the other tests' resources.
 */
@UsesApiServer
final class ClusterWideIT {
    private static final String NAMESPACE = "postrider-system";
    private static final Duration SOON = Duration.ofSeconds(20);

    private ApiServer api;
    private ScriptedSmtpServer upstream;
    private RunningOperator operator;

    @BeforeEach
    void install() throws IOException {
        api = ApiServer.start();
        upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
        api.kubectl("create", "namespace", NAMESPACE);
        // What helm renders: ChartIT holds the file to that.
        var chart = api.kubectlWithInput(Files.readString(Path.of("src/test/resources/chart/default.yaml")), "apply",
                "--server-side", "-f", "-");
        assertThat(chart.err()).isEmpty();
        operator = RunningOperator.asInstalled(api, NAMESPACE, "acme");
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
    }

    @AfterEach
    void stop() throws IOException {
        operator.close();
        upstream.close();
        api.close();
    }

    @Test
    void namespacesThatComeAfterItsStartAreServed() {
        for (var tenant : new String[]{"acme", "globex"}) {
            api.kubectl("create", "namespace", tenant);
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

        for (var tenant : new String[]{"acme", "globex"}) {
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
        assertThat(upstream.messages()).hasSize(3);
    }

    /** A port of another number cannot be taken back by a patch, so this needs another verb. */
    @Test
    void itsRightsSufficeToMendTheRelaysService() {
        var service = operator.client().services().inNamespace(NAMESPACE).withName(RelayWorkload.NAME);

        service.edit(s -> new ServiceBuilder(s).editSpec().editFirstPort().withPort(2525).endPort().endSpec().build());

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(service.require().getSpec().getPorts()).hasSize(3)
                        .noneMatch(port -> port.getPort() == 2525));
    }

    @Test
    void itsRightsSufficeToDeleteWhatIsConfirmed() {
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
