package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FreePort;
import dev.postrider.testing.MountedBinding;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The relay's Deployment as the operator writes it: whether a strict cluster takes it, and whether it runs. */
@UsesApiServer
final class RelayDeploymentIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private ScriptedSmtpServer upstream;
    private RunningOperator operator;

    @BeforeEach
    void start(ApiServer api) throws IOException {
        upstream = ScriptedSmtpServer.start();
        operator = new RunningOperator(api, "");
        operator.applyGlobalServer(upstream.port());
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: $TENANT}
                spec:
                  identity: {from: {address: noreply@acme.example}}
                """);
        operator.startRelay();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.organizationCondition("acme", "Ready")).get()
                        .extracting(Condition::reason)
                        .isEqualTo("MailWorks"));
    }

    @AfterEach
    void stop() throws IOException {
        operator.close();
        upstream.close();
    }

    private Deployment deployment() {
        return operator.client()
                .apps()
                .deployments()
                .inNamespace(operator.namespace())
                .withName(RelayNames.NAME)
                .require();
    }

    /** Pod Security Standards, level "restricted": the API server checks each pod against it. */
    @Test
    void itsPodIsAllowedWherePodsAreRestricted() {
        operator.kubectl("label", "namespace", "$OPERATOR", "pod-security.kubernetes.io/enforce=restricted");
        var template = deployment().getSpec().getTemplate();
        var pod = new PodBuilder().withNewMetadata()
                .withNamespace(operator.namespace())
                .withName("relay")
                .endMetadata()
                .withSpec(template.getSpec());

        operator.client().resource(pod.build()).create();

        var writing = pod.editSpec()
                .editFirstContainer()
                .editSecurityContext()
                .withAllowPrivilegeEscalation(true)
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .editMetadata()
                .withName("another")
                .endMetadata()
                .build();
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> operator.client().resource(writing).create())
                .withMessageContaining("violates PodSecurity \"restricted");
        assertThat(template.getSpec().getContainers().getFirst().getSecurityContext().getReadOnlyRootFilesystem())
                .isTrue();
    }

    @Test
    void everythingOfItGoesWithTheSettings() {
        var settings = operator.client()
                .configMaps()
                .inNamespace(operator.namespace())
                .withName("postrider-settings")
                .require();
        for (var kind : List.of("serviceaccount", "role", "rolebinding", "persistentvolumeclaim", "service",
                "networkpolicy", "deployment")) {
            assertThat(operator.kubectl("get", kind, RelayNames.NAME, "-n", "$OPERATOR", "-o",
                    "jsonpath={.metadata.ownerReferences[*].uid}")).as(kind).isEqualTo(settings.getMetadata().getUid());
        }
    }

    /** As a HorizontalPodAutoscaler does, by the Deployment's scale. */
    @Test
    void leavesTheNumberOfRelaysToWhoeverScalesThem(ApiServer api) {
        String settings = "relay: {autoscaled: true, hostName: %s, queue: {url: 'postgresql://db/queue', secretName: db}}";
        RunningOperator.writeSettings(api, operator.namespace(), settings.formatted("first.example"));
        await().atMost(SOON).until(() -> isCalled("first.example"));
        operator.client()
                .apps()
                .deployments()
                .inNamespace(operator.namespace())
                .withName(RelayNames.NAME)
                .scale(5);

        RunningOperator.writeSettings(api, operator.namespace(), settings.formatted("second.example"));
        await().atMost(SOON).until(() -> isCalled("second.example"));
        assertThat(deployment().getSpec().getReplicas()).isEqualTo(5);

        RunningOperator.writeSettings(api, operator.namespace(),
                settings.formatted("third.example").replace("autoscaled: true", "replicas: 2"));
        await().atMost(SOON).until(() -> isCalled("third.example"));
        assertThat(deployment().getSpec().getReplicas()).isEqualTo(2);
    }

    private boolean isCalled(String hostName) {
        return deployment().getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getEnv()
                .stream()
                .anyMatch(variable -> variable.getName().equals("POSTRIDER_CONFIG_TEXT")
                        && variable.getValue().contains("\"hostName\":\"" + hostName + "\""));
    }

    /** The packaged program with the container's arguments, as its ServiceAccount with the rights of its Role. */
    @Test
    void itsProgramTakesAndDeliversMailAndEndsInOrder(ApiServer api) throws Exception {
        String token = operator.kubectl("create", "token", RelayNames.NAME, "-n", "$OPERATOR").strip();
        Path kubeconfig = directory.resolve("kubeconfig");
        Files.writeString(kubeconfig, Files.readString(api.kubeconfig()).replaceAll("token: .*", "token: " + token));
        int port = FreePort.find();
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                        Path.of("target", "postrider.jar").toString()));
        deployment().getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getArgs()
                .stream()
                .map(argument -> argument.startsWith("--data=") ? "--data=" + directory.resolve("data") : argument)
                .forEach(command::add);
        command.addAll(List.of("--bind=127.0.0.1", "--submission-port=" + port, "--submissions-port=0",
                "--admin-port=0"));
        Path log = directory.resolve("log");
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        Process relay = builder.start();
        try {
            var binding = MountedBinding.of(
                    operator.client().secrets().inNamespace(operator.tenant()).withName("acme-mail").require());
            await().atMost(SOON)
                    .failFast(() -> assertThat(relay.isAlive()).as(Files.readString(log)).isTrue())
                    .ignoreExceptions()
                    .untilAsserted(() -> {
                        try (Dialogue session = Dialogue.connect(port)) {
                            session.say("EHLO application.test");
                            assertThat(session.say("STARTTLS")).startsWith("220");
                            session.encrypt(TestRoutes.trusting(binding.caCertificate()));
                            session.say("EHLO application.test");
                            assertThat(session.login(binding.user(), binding.password())).startsWith("235");
                            assertThat(session.mail("noreply@acme.example", "buyer@example.net",
                                    "From: noreply@acme.example\r\nSubject: order\r\n\r\nThanks.\r\n"))
                                    .startsWith("250 2.0.0");
                        }
                    });
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(upstream.messages()).anyMatch(m -> m.toString().contains("order")));
            relay.destroy();
            assertThat(relay.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            relay.destroyForcibly();
        }
        assertThat(Files.readString(log)).endsWith("Relay - stopped with 0 messages queued\n");
    }
}
