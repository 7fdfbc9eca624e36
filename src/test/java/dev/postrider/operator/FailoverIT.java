package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.BoundProcess;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas of the operator: the packaged program leads, and is killed or cut off; one in this process
 * stands by. */
@UsesApiServer
final class FailoverIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example, name: Acme}}
            """;

    /** Not that of the other, so that who leads has something to write: the relay's Deployment. */
    private static final String IMAGE = "postrider:of-the-leader";

    @TempDir
    Path directory;

    @Test
    void whenTheLeaderIsKilledTheOtherCarriesOnAndDoesNothingTwice(ApiServer api) throws Exception {
        withTwo(api, (leader, standby, upstream) -> {
            leader.kill();
            newcomerIsServedOnce(standby, upstream);
        });
    }

    @Test
    void aLeaderThatWasCutOffFindsItselfReplacedAndChangesNothing(ApiServer api) throws Exception {
        withTwo(api, (leader, standby, upstream) -> {
            List<String> written = writesOfTheLeader(api, standby);
            assertThat(written).as("the audit's log").isNotEmpty();
            leader.suspend();
            newcomerIsServedOnce(standby, upstream);
            List<String> before = versions(standby);

            leader.resume();
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(leader.isRunning()).as(leader.lastWords()).isFalse());
            assertThat(leader.lastWords()).contains("another replica may lead by now");
            awaitQuiet(standby);
            assertThat(versions(standby)).isEqualTo(before);
            assertThat(writesOfTheLeader(api, standby)).isEqualTo(written);
            assertThat(upstream.messages()).as("test mails").hasSize(1);
        });
    }

    @FunctionalInterface
    private interface Story {
        void tell(BoundProcess leader, RunningOperator standby, ScriptedSmtpServer upstream) throws Exception;
    }

    private void withTwo(ApiServer api, Story story) throws Exception {
        String namespace = api.createNamespace("operator");
        String tenant = api.createNamespace("tenant");
        String settings = "leaseDuration: 3s\n";
        RunningOperator.writeSettings(api, namespace, "watchNamespaces: [" + tenant + "]\n" + settings);
        try (var upstream = ScriptedSmtpServer.start();
                var leader = leader(api, namespace)) {
            await().atMost(SOON)
                    .failFast(() -> assertThat(leader.isRunning()).as(leader.lastWords()).isTrue())
                    .until(() -> leader(api, namespace, "leader"));
            try (var standby = new RunningOperator(api, settings, namespace, tenant)) {
                standby.apply("""
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata: {name: global, namespace: $OPERATOR}
                        spec:
                          scope: Global
                          smtp: {host: 127.0.0.1, port: %d, security: None}
                          test: {recipient: postmaster@example.com}
                        ---
                        %s""".formatted(upstream.port(), ORGANIZATION));
                standby.startRelay();
                awaitReady(standby, "acme");
                awaitQuiet(standby);
                assertThat(standby.get("/healthz")).isEqualTo("ok\n");
                assertThat(standby.get("/readyz")).isEqualTo("ok\n");
                assertThat(standby.writes().all()).as("writes of the one that stands by").isEmpty();
                assertThat(upstream.messages()).hasSize(1);
                story.tell(leader, standby, upstream);
            }
        }
    }

    private static void newcomerIsServedOnce(RunningOperator standby, ScriptedSmtpServer upstream) {
        standby.apply(ORGANIZATION.replace("name: acme,", "name: newcomer,"));
        awaitReady(standby, "newcomer");
        awaitQuiet(standby);
        assertThat(standby.writes().all()).containsExactlyInAnyOrder(
                "PATCH deployments " + RelayNames.NAME,
                "PATCH organizationmailsettings newcomer",
                "POST secrets", "POST secrets",
                "PATCH organizationmailsettings/status newcomer");
        assertThat(upstream.messages()).as("test mails").hasSize(1);
    }

    private BoundProcess leader(ApiServer api, String namespace) {
        return BoundProcess.start("operator", directory,
                List.of("/usr/bin/env", "KUBECONFIG=" + api.auditedKubeconfig(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                        Path.of("target", "postrider.jar").toAbsolutePath().toString(), "operator",
                        "--namespace=" + namespace, "--identity=leader", "--image=" + IMAGE, "--health-port=0",
                        "--metrics-port=0"));
    }

    /** All but its lease. */
    private static List<String> writesOfTheLeader(ApiServer api, RunningOperator standby) {
        return Stream.of(standby.namespace(), standby.tenant())
                .flatMap(namespace -> api.auditedWrites(namespace).stream())
                .filter(write -> !write.contains("/leases"))
                .toList();
    }

    private static boolean leader(ApiServer api, String namespace, String identity) {
        var lease = api.client().leases().inNamespace(namespace).withName("postrider-operator").get();
        return lease != null && identity.equals(lease.getSpec().getHolderIdentity());
    }

    private static void awaitReady(RunningOperator operator, String organization) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.organizationCondition(organization, "Ready")).get()
                        .extracting(Condition::reason)
                        .isEqualTo("MailWorks"));
        await().atMost(SOON)
                .until(() -> operator.serverCondition(operator.namespace(), "global", "RelayAvailable")
                        .filter(c -> c.status() == Condition.Status.True)
                        .isPresent());
    }

    /** Waits until nothing has changed for a second, whoever writes. */
    private static void awaitQuiet(RunningOperator operator) {
        await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).until(new Callable<Boolean>() {
            private List<String> before = List.of();

            @Override
            public Boolean call() {
                List<String> now = versions(operator);
                boolean quiet = Objects.equals(now, before);
                before = now;
                return quiet;
            }
        });
    }

    private static List<String> versions(RunningOperator operator) {
        return Stream.of(operator.namespace(), operator.tenant())
                .flatMap(namespace -> Stream.of(MailServer.class, OrganizationMailSettings.class, Secret.class)
                        .flatMap(kind -> list(operator, kind, namespace)))
                .map(resource -> resource.getMetadata().getUid() + " " + resource.getMetadata().getResourceVersion())
                .sorted()
                .toList();
    }

    private static Stream<HasMetadata> list(RunningOperator operator, Class<? extends HasMetadata> kind,
            String namespace) {
        return operator.client().resources(kind).inNamespace(namespace).list().getItems().stream().map(r -> r);
    }
}
