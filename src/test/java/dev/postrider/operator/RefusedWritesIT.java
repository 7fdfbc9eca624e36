package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the API server refuses to write is told where people look, and keeps nothing else from being done. */
@Tag("organizations")
@UsesApiServer
final class RefusedWritesIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    private ApiServer api;
    private ScriptedSmtpServer upstream;
    private RunningOperator operator;

    @BeforeEach
    void start(ApiServer server) throws IOException {
        api = server;
        upstream = ScriptedSmtpServer.start();
        operator = new RunningOperator(api, "globalServerPolicy: Optional\n");
    }

    @AfterEach
    void stop() {
        operator.close();
        upstream.close();
    }

    @Test
    void aBindingBeyondAQuotaIsToldWhileRouteAndTestsGoOnAndIsWrittenWhenThereIsRoom() {
        quota(operator.tenant(), 0);
        declare("servers: [{name: own}]\n  identity: {from: {address: no-reply@acme.example}}");
        operator.apply(server("own", "$TENANT", "test: {recipient: postmaster@acme.example}"));
        operator.startRelay();

        awaitRefused("Secret \"main-mail\" is not written: secrets \"main-mail\" is forbidden: exceeded quota: none, "
                + "requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0");
        assertThat(condition("Ready").orElseThrow().message()).isEqualTo(condition("BindingReady").orElseThrow()
                .message());
        assertThat(organization().getStatus().observedGeneration())
                .isEqualTo(organization().getMetadata().getGeneration());
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "own", "Ready")
                        .map(Condition::reason)).contains("Accepted"));
        await().atMost(SOON).untilAsserted(() -> assertThat(reason("ServersResolved")).isEqualTo("OwnServers"));
        Secret route = route();
        double attempts = refusedSoFar();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(refusedSoFar()).as("tried again")
                        .isGreaterThan(attempts));
        assertThat(route().getMetadata().getResourceVersion()).as("the route waits with the same password")
                .isEqualTo(route.getMetadata().getResourceVersion());
        assertThat(warnings("main", "Refused")).as("one for each beginning").hasSize(1);

        quota(operator.tenant(), 1);
        operator.process().lookAgain();
        await().atMost(SOON).untilAsserted(() -> assertThat(reason("BindingReady")).isEqualTo("Written"));
        await().atMost(SOON).untilAsserted(() -> assertThat(reason("Ready")).isEqualTo("MailWorks"));
    }

    @Test
    void aPolicyIsToldWithoutWhatItRepeatsOfTheSecret() {
        policy("guard-" + operator.tenant(), operator.tenant(), "secrets", "'no room for ' + object.metadata.name");
        declare("identity: {from: {address: no-reply@acme.example}}");
        awaitRefused("Secret \"main-mail\" is not written: secrets \"main-mail\" is forbidden: "
                + "ValidatingAdmissionPolicy 'guard-$TENANT' with binding 'guard-$TENANT' denied request: no room for "
                + "main-mail");

        operator.kubectl("delete", "validatingadmissionpolicybinding", "guard-$TENANT");
        policy("echo-" + operator.tenant(), operator.tenant(), "secrets",
                "object.kind == 'ConfigMap' ? 'no' : 'no ' + string(object.data.password)");
        operator.process().lookAgain();
        awaitRefused("Secret \"main-mail\" is not written: the API server repeats what is in it");
    }

    @Test
    void anImmutableBindingStaysAsItIsAndIsUsedOn() {
        declare("identity: {from: {address: no-reply@acme.example}}");
        await().atMost(SOON).until(() -> binding().isPresent());
        Secret before = binding().orElseThrow();
        assertThat(operator.kubectl("patch", "secret", "main-mail", "-n", "$TENANT", "--type=merge", "-p",
                "{\"immutable\":true}")).contains("patched");

        declare("identity: {from: {address: other@acme.example}}");
        awaitRefused("Secret \"main-mail\" is not written: Secret \"main-mail\" is invalid: data: Forbidden: field is "
                + "immutable when `immutable` is set. Applications go on with the binding as it was");
        assertThat(binding().orElseThrow().getData()).isEqualTo(before.getData());
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(Caches.entry(route(), "route.json").orElseThrow())
                        .contains("other@acme.example"));

        operator.kubectl("delete", "secret", "main-mail", "-n", "$TENANT");
        await().atMost(SOON).untilAsserted(() -> assertThat(reason("BindingReady")).isEqualTo("Written"));
    }

    @Test
    void aNamespaceThatIsEndingIsTold() {
        declare("identity: {from: {address: no-reply@acme.example}}");
        await().atMost(SOON).until(() -> binding().isPresent());
        operator.kubectl("delete", "namespace", "$TENANT", "--wait=false");
        operator.kubectl("delete", "secret", "main-mail", "-n", "$TENANT");

        awaitRefused("Secret \"main-mail\" is not written: secrets \"main-mail\" is forbidden: unable to create new "
                + "content in namespace $TENANT because it is being terminated");
    }

    @Test
    void aRouteThatIsRefusedIsToldToATenantWithoutWordsOfTheInstallationsNamespace() {
        policy("routes-" + operator.namespace(), operator.namespace(), "secrets", "'no routes here'");
        declare("identity: {from: {address: no-reply@acme.example}}");
        operator.apply(server("own", "$TENANT", "") + server("global", "$OPERATOR", "scope: Global"));

        String told = "its route for the relay is not written, for the API server allows no such Secret in the "
                + "installation's namespace (%s); the operator's log has its words";
        awaitRefused(told.formatted("422 Invalid"));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "own", "Ready")
                        .map(c -> c.status() + " " + c.reason() + " " + c.message()))
                        .contains("False Refused " + told.formatted("422 Invalid")));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                        operator.serverCondition(operator.namespace(), "global", "Ready")
                                .map(Condition::message)
                                .orElse(""))
                        .endsWith("denied request: no routes here"));
        assertThat(binding()).as("a login that the relay does not know").isEmpty();
    }

    @Test
    void anObjectOfTheRelayThatIsRefusedIsToldAndTheOthersAreWritten() {
        policy("relay-" + operator.namespace(), operator.namespace(), "deployments", "'no deployments here'");
        declare("identity: {from: {address: no-reply@acme.example}}");
        operator.applyGlobalServer(upstream.port());

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(condition("RelayAvailable").map(Condition::message))
                        .contains("what the relay needs is refused by the API server; an Event of ConfigMap "
                                + operator.namespace() + "/postrider-settings says why"));
        assertThat(reason("RelayAvailable")).isEqualTo("Refused");
        assertThat(operator.client().services().inNamespace(operator.namespace()).list().getItems()).isNotEmpty();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(events(operator.namespace(), "postrider-settings", "Refused"))
                        .singleElement()
                        .satisfies(event -> assertThat(event.getNote()).contains("Deployment \"" + RelayNames.NAME
                                + "\" is not written", "no deployments here")));

        operator.kubectl("delete", "validatingadmissionpolicybinding", "relay-$OPERATOR");
        await().atMost(SOON)
                .until(() -> operator.kubectl("create", "configmap", "relay-$OPERATOR", "-n", "$OPERATOR",
                        "--dry-run=server"), said -> said.contains("created"));
        operator.kubectl("annotate", "configmap", "postrider-settings", "-n", "$OPERATOR", "look=again");
        operator.startRelay();
        await().atMost(SOON).untilAsserted(() -> assertThat(reason("RelayAvailable")).isEqualTo("Available"));
    }

    @Test
    void aNoticeWhoseStatusIsRefusedIsToldByAnEvent() {
        policy("notices-" + operator.tenant(), operator.tenant(), "licenseexpirynotices/status", "'no notices here'");
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: LicenseExpiryNotice
                metadata: {name: shop, namespace: $TENANT}
                spec: {organizationRef: {name: main}, license: {name: Shop, expiryDate: "2035-06-30"}, daysBefore: 20}
                """);

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(warnings("shop", "Refused")).singleElement()
                        .satisfies(
                                event -> assertThat(event.getNote()).startsWith("a write fails, and is tried again: ")
                                        .contains("no notices here")));
    }

    private void declare(String spec) {
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: main, namespace: $TENANT}
                spec:
                  %s
                """.formatted(spec));
    }

    private String server(String name, String namespace, String more) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: %s, namespace: %s}
                spec:
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  %s
                ---
                """.formatted(name, namespace, upstream.port(), more);
    }

    /** No controller counts here, so that the status is written by hand. */
    private void quota(String namespace, int secrets) {
        String counts = "{\"count/secrets\":\"%d\"}".formatted(secrets);
        operator.apply("""
                apiVersion: v1
                kind: ResourceQuota
                metadata: {name: none, namespace: %s}
                spec: {hard: %s}
                """.formatted(namespace, counts));
        assertThat(operator.kubectl("patch", "resourcequota", "none", "-n", namespace, "--subresource=status",
                "--type=merge", "-p",
                "{\"status\":{\"hard\":%s,\"used\":{\"count/secrets\":\"0\"}}}".formatted(counts)))
                .contains("patched");
    }

    /** Forbids writes of a kind in a namespace, in such words. */
    private void policy(String name, String namespace, String resources, String words) {
        operator.apply("""
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicy
                metadata: {name: %1$s}
                spec:
                  matchConstraints:
                    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %2$s}}
                    resourceRules:
                      - apiGroups: ["*"]
                        apiVersions: ["*"]
                        operations: [CREATE, UPDATE]
                        resources: ["%3$s", configmaps]
                  matchConditions:
                    - name: probe
                      expression: object.kind != "ConfigMap" || object.metadata.name == "%1$s"
                  validations:
                    - expression: "false"
                      messageExpression: "%4$s"
                ---
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicyBinding
                metadata: {name: %1$s}
                spec: {policyName: %1$s, validationActions: [Deny]}
                """.formatted(name, namespace, resources, words));
        await().atMost(SOON)
                .until(() -> operator.kubectl("create", "configmap", name, "-n", namespace,
                        "--dry-run=server"), said -> said.contains("denied request"));
    }

    private void awaitRefused(String message) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(condition("BindingReady")
                        .map(c -> c.status() + " " + c.reason() + " " + c.message()))
                        .contains("False Refused " + message.replace("$TENANT", operator.tenant())));
    }

    private double refusedSoFar() {
        return operator.get("/metrics")
                .lines()
                .filter(line -> line.startsWith("postrider_operator_writes_refused_total{")
                        && line.contains("OrganizationMailSettings"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private List<Event> warnings(String name, String reason) {
        return events(operator.tenant(), name, reason);
    }

    private List<Event> events(String namespace, String name, String reason) {
        return operator.client()
                .events()
                .v1()
                .events()
                .inNamespace(namespace)
                .list()
                .getItems()
                .stream()
                .filter(event -> event.getReason().equals(reason) && event.getRegarding().getName().equals(name))
                .toList();
    }

    private OrganizationMailSettings organization() {
        return operator.client()
                .resources(OrganizationMailSettings.class)
                .inNamespace(operator.tenant())
                .withName("main")
                .require();
    }

    private Optional<Condition> condition(String type) {
        return operator.organizationCondition("main", type);
    }

    private String reason(String type) {
        return condition(type).map(Condition::reason).orElse("");
    }

    private Optional<Secret> binding() {
        return Optional.ofNullable(
                operator.client().secrets().inNamespace(operator.tenant()).withName("main-mail").get());
    }

    private Secret route() {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withLabel("postrider.dev/route", "organization")
                .list()
                .getItems()
                .getFirst();
    }
}
