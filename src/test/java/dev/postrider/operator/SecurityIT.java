package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.operator.installation.Caches;
import dev.postrider.operator.installation.RelayNames;
import dev.postrider.relay.routes.RouteSecrets;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.route.ServerRoute;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceRule;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An installation as the chart makes it, and a tenant who tries everything that is not theirs: with the role edit, or
 * view, in their own namespace. No controller aggregates roles here, so the parts of these are bound.
 */
@UsesApiServer
@Tag("isolation")
final class SecurityIT {
    private static final String INSTALLATION = "postrider-system";
    private static final Path GOLDEN = Path.of("src/test/resources/security");

    private static String tenant(String namespace) {
        return """
                apiVersion: v1
                kind: Namespace
                metadata: {name: %1$s}
                ---
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: edit, namespace: %1$s}
                ---
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: view, namespace: %1$s}
                """.formatted(namespace);
    }

    private static final String BINDING = """
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: "%2$s-%3$s", namespace: %1$s}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "%3$s"}
            subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
            """;

    private static String declared(String namespace) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: own, namespace: %1$s}
                spec: {smtp: {host: 127.0.0.1, port: 25, security: None}}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: main, namespace: %1$s}
                spec:
                  servers: [{name: own}]
                  identity: {from: {address: noreply@%1$s.example}}
                """.formatted(namespace);
    }

    private static ApiServer api;
    private static RunningOperator operator;

    @BeforeAll
    static void install() throws IOException {
        api = ApiServer.start();
        api.kubectl("create", "namespace", INSTALLATION);
        apply(Files.readString(Path.of("src/test/resources/chart/default.yaml"))
                .replace("\"allowedNetworks\":[]", "\"allowedNetworks\":[\"127.0.0.1\"]"));
        for (String tenant : List.of("attacker", "victim")) {
            apply(tenant(tenant)
                    + BINDING.formatted(tenant, "edit", "system:aggregate-to-edit")
                    + BINDING.formatted(tenant, "edit", "system:aggregate-to-view")
                    + BINDING.formatted(tenant, "edit", "postrider-" + INSTALLATION + "-edit")
                    + BINDING.formatted(tenant, "edit", "postrider-" + INSTALLATION + "-view")
                    + BINDING.formatted(tenant, "view", "system:aggregate-to-view")
                    + BINDING.formatted(tenant, "view", "postrider-" + INSTALLATION + "-view"));
        }
        operator = RunningOperator.asInstalled(api, INSTALLATION, "victim");
        operator.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: global, namespace: postrider-system}
                spec: {scope: Global, smtp: {host: 127.0.0.1, port: 25, security: None}}
                """);
        operator.startRelay();
        for (String tenant : List.of("attacker", "victim")) {
            apply(declared(tenant));
            await().atMost(Duration.ofSeconds(30)).until(() -> password(tenant, "main-mail").isPresent());
        }
    }

    @AfterAll
    static void uninstall() {
        operator.close();
        api.close();
    }

    private static void apply(String manifests) {
        CommandResult applied = api.kubectlWithInput(manifests, "apply", "--server-side", "-f", "-");
        assertThat(applied.exitCode()).as(applied.toString()).isZero();
    }

    private static Optional<String> password(String namespace, String secret) {
        return Optional.ofNullable(api.client().secrets().inNamespace(namespace).withName(secret).get())
                .flatMap(found -> Caches.entry(found, "password"));
    }

    private static String[] as(String account, String... arguments) {
        return Stream.concat(Arrays.stream(arguments), Stream.of(
                "--as=system:serviceaccount:attacker:" + account, "--as-group=system:serviceaccounts",
                "--as-group=system:serviceaccounts:attacker", "--as-group=system:authenticated"))
                .toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            edit | get secrets -n postrider-system                                      | cannot list resource "secrets"
            edit | get secret postrider-operator-keys -n postrider-system               | cannot get resource "secrets"
            edit | create secret generic evil -n postrider-system                       | cannot create resource "secrets"
            edit | get secrets -A                                                       | cannot list resource "secrets"
            edit | get secret main-mail -n victim                                       | cannot get resource "secrets"
            edit | patch secret main-mail -n victim -p {"data":null}                    | cannot get resource "secrets"
            edit | create secret generic attacker.main-mail -n victim                   | cannot create resource "secrets"
            edit | get oms,ms,licenseexpirynotices -n victim                            | cannot list resource
            edit | get ms -A                                                            | cannot list resource "mailservers"
            edit | annotate oms main -n victim postrider.dev/rotate=now                 | cannot get resource
            edit | delete ms own -n victim                                              | cannot delete resource "mailservers"
            edit | patch ms own -n attacker --subresource=status --type=merge -p {"status":{"server":"x"}} | cannot get resource "mailservers/status"
            edit | patch oms main -n attacker --subresource=status --type=merge -p {"status":{}} | cannot get resource "organizationmailsettings/status"
            edit | auth can-i patch mailservers.postrider.dev -n attacker --subresource=status | no
            edit | auth can-i update mailservers.postrider.dev -n attacker --subresource=finalizers | no
            edit | delete oms main -n attacker                                          | spec.deletionConfirmation must be Delete
            edit | get configmap postrider-settings -n postrider-system                 | cannot get resource "configmaps"
            edit | patch configmap postrider-settings -n postrider-system -p {"data":null} | cannot get resource "configmaps"
            edit | get leases -n postrider-system                                       | cannot list resource "leases"
            edit | get deployments,services,pods -n postrider-system                    | cannot list resource
            edit | create token postrider-operator -n postrider-system                  | cannot create resource "serviceaccounts/token"
            edit | auth can-i create pods/portforward -n postrider-system               | no
            edit | auth can-i create pods/exec -n postrider-system                      | no
            edit | auth can-i impersonate serviceaccounts -n postrider-system           | no
            edit | auth can-i get queues.postrider.dev -n attacker                      | no
            edit | auth can-i update queues.postrider.dev -n victim                     | no
            edit | auth can-i create rolebindings -n attacker                           | no
            edit | label namespace attacker postrider.dev/metrics=true                  | cannot patch resource "namespaces"
            edit | label namespace victim postrider.dev/accept-bindings-from=attacker   | cannot get resource "namespaces"
            edit | delete crd mailservers.postrider.dev                                 | cannot delete resource "customresourcedefinitions"
            edit | delete validatingadmissionpolicy postrider-postrider-system-deletion | cannot delete resource
            view | get secret main-mail -n attacker                                     | cannot get resource "secrets"
            view | get secrets -n attacker                                              | cannot list resource "secrets"
            view | get ms own -n attacker -o name                                       | mailserver.postrider.dev/own
            view | annotate oms main -n attacker postrider.dev/rotate=now               | cannot patch resource
            view | delete ms own -n attacker                                            | cannot delete resource "mailservers"
            """)
    void aTenantGetsNothingThatIsNotTheirs(String role, String arguments, String answer) {
        CommandResult result = api.kubectl(as(role, arguments.split(" ")));
        assertThat(result.out() + result.err()).contains(answer);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ms  | wide    | {scope: Global, smtp: {host: mail.attacker.example}}                                               | Ready           | ScopeNotAllowed
            oms | reach   | {servers: [{name: own, namespace: victim}], identity: {from: {address: a@attacker.example}}}       | ServersResolved | ServerNotAllowed
            oms | give    | {binding: {copies: [victim]}, identity: {from: {address: a@attacker.example}}}                     | BindingCopied   | NotAccepted
            oms | planted | {identity: {from: {address: a@attacker.example}}}                                                  | BindingReady    | SecretExists
            oms | adopted | {identity: {from: {address: a@attacker.example}}}                                                  | BindingReady    | SecretExists
            """)
    void whatATenantDeclaresBeyondTheirNamespaceIsRefused(String kind, String name, String spec, String type,
            String reason) {
        // Under the names of bindings, one without a word of whose it is and one that names another organization.
        applyAs("edit", """
                apiVersion: v1
                kind: Secret
                metadata: {name: planted-mail}
                stringData: {password: mine}
                ---
                apiVersion: v1
                kind: Secret
                metadata:
                  name: adopted-mail
                  labels: {postrider.dev/binding: "true", app.kubernetes.io/managed-by: postrider}
                  ownerReferences:
                    - {apiVersion: postrider.dev/v1alpha1, kind: OrganizationMailSettings, name: main, uid: %s}
                stringData: {password: mine}
                """.formatted(api.kubectl("get", "oms", "main", "-n", "victim", "-o", "jsonpath={.metadata.uid}")
                .out()));
        applyAs("edit", """
                apiVersion: postrider.dev/v1alpha1
                kind: %s
                metadata: {name: %s}
                spec: %s
                """.formatted(kind.equals("ms") ? "MailServer" : "OrganizationMailSettings", name, spec));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat((kind.equals("ms")
                        ? operator.serverCondition("attacker", name, type)
                        : operator.organizationCondition("attacker", name, type))
                        .map(c -> c.status() + " " + c.reason()))
                        .contains("False " + reason));
        assertThat(password("attacker", "planted-mail")).contains("mine");
        assertThat(password("attacker", "adopted-mail")).contains("mine");
        assertThat(operator.client().secrets().inNamespace("victim").list().getItems())
                .extracting(secret -> secret.getMetadata().getName())
                .containsExactly("main-mail");
    }

    private static void applyAs(String account, String manifests) {
        CommandResult applied = api.kubectlWithInput(manifests,
                as(account, "apply", "--server-side", "--force-conflicts", "-n", "attacker", "-f", "-"));
        assertThat(applied.exitCode()).as(applied.toString()).isZero();
    }

    /** Labels and annotations of Postrider's on Secrets of one's own make no routes, and fetch nobody's password. */
    @Test
    void whatATenantMarksAsPostridersIsNotTakenForThat() {
        String victims = password("victim", "main-mail").orElseThrow();
        applyAs("edit", """
                apiVersion: v1
                kind: Secret
                metadata:
                  name: route-server.victim.own
                  labels: {postrider.dev/route: server}
                  annotations: {postrider.dev/source: victim/own}
                stringData:
                  route.json: '{"key": {"namespace": "victim", "name": "own"}, "global": true, "active": true}'
                ---
                apiVersion: v1
                kind: Secret
                type: servicebinding.io/postrider
                metadata:
                  name: victim.main-mail
                  labels: {postrider.dev/binding: copy}
                  annotations: {postrider.dev/copy-of: victim/main}
                stringData: {password: mine}
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: postrider-settings, labels: {postrider.dev/settings: "true"}}
                data: {settings.yaml: "trustedNamespaces: [attacker]"}
                """);
        operator.kubectl("annotate", "oms", "main", "-n", "victim", "postrider.dev/rotate=now");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(password("victim", "main-mail")).isPresent()
                        .get()
                        .isNotEqualTo(victims));
        assertThat(password("attacker", "victim.main-mail").orElse("mine")).isEqualTo("mine");
        Routes routes = new Routes();
        try (var _ = RouteSecrets.watch(operator.client(), INSTALLATION, routes)) {
            await().until(() -> routes.server(new ResourceKey("victim", "own")).isPresent());
            assertThat(routes.server(new ResourceKey("victim", "own")).map(ServerRoute::global)).contains(false);
        }
        assertThat(operator.client()
                .secrets()
                .inNamespace(INSTALLATION)
                .withLabel(RouteSecret.LABEL, RouteSecret.Kind.SERVER.labelValue())
                .list()
                .getItems()).extracting(Secret::getMetadata)
                .extracting(metadata -> metadata.getName())
                .doesNotContain("route-server.attacker.wide");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            postrider-operator, postrider-system
            postrider-operator, attacker
            postrider-relay,    postrider-system
            postrider-relay,    attacker
            """)
    void anAccountMayDoWhatIsWrittenDownAndNoMore(String account, String namespace) {
        await().until(() -> operator.client()
                .rbac()
                .roleBindings()
                .inNamespace(INSTALLATION)
                .withName(RelayNames.NAME)
                .get() != null);
        Config config = Config.fromKubeconfig(api.kubeconfig().toFile());
        config.setImpersonateUsername("system:serviceaccount:" + INSTALLATION + ":" + account);
        try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
            List<ResourceRule> rules = client.resource(new SelfSubjectRulesReviewBuilder().withNewSpec()
                    .withNamespace(namespace)
                    .endSpec()
                    .build()).create().getStatus().getResourceRules();
            String place = namespace.equals(INSTALLATION) ? "own-namespace" : "other-namespace";
            GoldenFiles.check(GOLDEN.resolve(account + "-" + place + ".txt"),
                    rules.stream()
                            .map(SecurityIT::line)
                            .sorted()
                            .distinct()
                            .collect(Collectors.joining("\n", "", "\n")),
                    SecurityIT.class);
        }
    }

    private static String line(ResourceRule rule) {
        return rule.getApiGroups().stream().map(g -> g.isEmpty() ? "core" : g).collect(Collectors.joining(","))
                + " " + String.join(",", new TreeSet<>(rule.getResources()))
                + (rule.getResourceNames().isEmpty() ? "" : " " + rule.getResourceNames())
                + ": " + String.join(" ", new TreeSet<>(rule.getVerbs()));
    }
}
