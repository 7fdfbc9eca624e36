package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.operator.kit.Secrets;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the operator's work costs in requests that change something, and in test mails. */
@UsesApiServer
final class OperatorRequestsIT {
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: global, namespace: $OPERATOR}
            spec:
              scope: Global
              smtp:
                host: 127.0.0.1
                port: $PORT
                security: None
                authentication: {password: {secretRef: {name: smarthost}}}
              test: {recipient: postmaster@example.com}
            """;
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example, name: Acme}}
            """;
    private static final Duration SOON = Duration.ofSeconds(20);

    private ScriptedSmtpServer upstream;
    private RunningOperator operator;
    private ApiServer api;

    /** An installation at rest: a proved server, one organization that is Ready. */
    @BeforeEach
    void start(ApiServer server) throws Exception {
        api = server;
        upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
        operator = new RunningOperator(api, "");
        operator.credentials(operator.namespace(), "smarthost", "relay", "s3cret");
        operator.apply(resources());
        operator.startRelay();
        awaitReady("acme");
        await().atMost(SOON).until(() -> relayAvailableOnServer());
        awaitQuiet();
        operator.writes().forget();
    }

    @AfterEach
    void stop() throws Exception {
        operator.close();
        upstream.close();
    }

    @Test
    void aNewOrganizationCostsTwoSecretsOneStatusAndItsFinalizer() {
        operator.apply(ORGANIZATION.replace("name: acme,", "name: newcomer,"));
        awaitReady("newcomer");
        awaitQuiet();

        assertThat(operator.writes().all()).containsExactlyInAnyOrder(
                "PATCH organizationmailsettings newcomer",
                "POST secrets",
                "POST secrets",
                "PATCH organizationmailsettings/status newcomer");
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void theSameResourcesAgainCostNothing() {
        operator.apply(resources());
        awaitQuiet();

        assertThat(operator.writes().all()).isEmpty();
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void lookingAgainCostsNothing() throws Exception {
        afterReconciliation("organizationmailsettings",
                () -> operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "look=again"));
        afterReconciliation("mailserver",
                () -> operator.kubectl("annotate", "ms", "global", "-n", "$OPERATOR", "look=again"));
        afterReconciliation("installation",
                () -> operator.kubectl("annotate", "cm", "postrider-settings", "-n", "$OPERATOR", "look=again"));

        assertThat(operator.writes().all()).isEmpty();
        assertThat(operator.writes().secretReads()).isEmpty();
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void aRestartCostsNothing() throws IOException {
        operator.process().close();

        try (var restarted = new RunningOperator(api, "", operator.namespace(), operator.tenant())) {
            for (var controller : new String[]{"organizationmailsettings", "mailserver", "installation"}) {
                await().atMost(SOON).until(() -> restarted.reconciliations(controller) >= 1);
            }
            restarted.awaitQuiet(SOON);
            assertThat(restarted.writes().all()).isEmpty();
        }
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void anEditOfTheSecretsLabelsAloneCostsNothing() throws Exception {
        afterReconciliation("mailserver",
                () -> operator.kubectl("label", "secret", "smarthost", "-n", "$OPERATOR", "team=mail"));

        assertThat(operator.writes().all()).isEmpty();
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void anEditOfADescriptionCostsOneStatusAndNoTestMail() {
        operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                "{\"spec\":{\"description\":\"the smarthost\"}}");
        await().atMost(SOON).until(() -> Objects.equals(observedGeneration(), 2L));
        awaitQuiet();

        assertThat(operator.writes().all()).containsExactly("PATCH mailservers/status global");
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void aDeletedRouteComesBack() {
        var route = secret(operator.namespace(), routeOf("acme"));
        var serverRoute = secret(operator.namespace(),
                RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.namespace(), "global")));

        operator.client().resource(route).delete();
        operator.client().resource(serverRoute).delete();

        awaitData(route);
        awaitData(serverRoute);
        assertThat(upstream.messages()).hasSize(1);
    }

    @Test
    void aRouteThatLostItsLabelIsMended() {
        var route = secret(operator.namespace(), routeOf("acme"));

        operator.kubectl("label", "secret", routeOf("acme"), "-n", "$OPERATOR", RouteSecret.LABEL + "-");

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(secret(operator.namespace(), routeOf("acme")).getMetadata().getLabels())
                        .isEqualTo(route.getMetadata().getLabels()));
        awaitQuiet();
        assertThat(operator.writes().all()).containsExactly("POST secrets", "PATCH secrets " + routeOf("acme"));
    }

    @Test
    void anEditedRouteAndBindingAreMended() {
        var route = secret(operator.namespace(), routeOf("acme"));
        var binding = secret(operator.tenant(), "acme-mail");

        edit(route, RouteSecret.DATA_KEY, "{}");
        edit(binding, "host", "evil.example");
        edit(binding, "extra", "nobody asked for it");

        awaitData(route);
        awaitData(binding);
        awaitQuiet();
        assertThat(operator.writes().all()).allMatch(
                write -> write.equals("PATCH secrets acme-mail") || write.equals("PATCH secrets " + routeOf("acme")));
    }

    @Test
    void theRelaysServiceAndDeploymentAreMended() {
        var services = operator.client().services().inNamespace(operator.namespace()).withName(RelayNames.NAME);
        var deployments = operator.client()
                .apps()
                .deployments()
                .inNamespace(operator.namespace())
                .withName(RelayNames.NAME);

        services.edit(s -> new ServiceBuilder(s).editSpec().editFirstPort().withPort(2525).endPort().endSpec().build());
        deployments.edit(d -> new DeploymentBuilder(d).editSpec()
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .withImage("evil:latest")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build());

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(services.require().getSpec().getPorts())
                        .extracting(port -> Map.entry(port.getName(), port.getPort()))
                        .containsExactlyInAnyOrder(Map.entry("submission", 587), Map.entry("submissions", 465),
                                Map.entry("admin", 8080)));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                        deployments.require().getSpec().getTemplate().getSpec().getContainers().getFirst().getImage())
                        .isEqualTo("postrider:test"));
        deployments.delete();
        await().atMost(SOON).until(() -> deployments.get() != null);
        awaitQuiet();
    }

    private String resources() {
        return SERVER.replace("$PORT", Integer.toString(upstream.port())) + "---\n" + ORGANIZATION;
    }

    private String routeOf(String organization) {
        return RouteSecret.Kind.ORGANIZATION.secretName(new ResourceKey(operator.tenant(), organization));
    }

    private Secret secret(String namespace, String name) {
        return operator.client().secrets().inNamespace(namespace).withName(name).require();
    }

    private @Nullable Long observedGeneration() {
        var status = operator.client()
                .resources(MailServer.class)
                .inNamespace(operator.namespace())
                .withName("global")
                .require()
                .getStatus();
        return status == null ? null : status.observedGeneration();
    }

    private void edit(Secret secret, String key, String value) {
        operator.client()
                .resource(secret)
                .patch(PatchContext.of(PatchType.JSON_MERGE),
                        "{\"data\":{\"%s\":\"%s\"}}".formatted(key, Secrets.base64(value)));
    }

    private void awaitData(Secret good) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.client().resource(good).get()).isNotNull()
                        .extracting(Secret::getData)
                        .isEqualTo(good.getData()));
    }

    private void awaitReady(String organization) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.organizationCondition(organization, "Ready")).get()
                        .extracting(Condition::reason)
                        .isEqualTo("MailWorks"));
    }

    private boolean relayAvailableOnServer() {
        return operator.serverCondition(operator.namespace(), "global", "RelayAvailable")
                .filter(c -> c.status() == Condition.Status.True)
                .isPresent();
    }

    private void afterReconciliation(String controller, Callable<String> edit) throws Exception {
        double before = operator.reconciliations(controller);
        edit.call();
        await().atMost(SOON).until(() -> operator.reconciliations(controller) > before);
        awaitQuiet();
    }

    private void awaitQuiet() {
        operator.awaitQuiet(SOON);
    }
}
