package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.installation.Caches;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@UsesApiServer
final class OperatorIT {
    private static final String GLOBAL = """
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
    private static final String ACME = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example, name: Acme}}
            """;

    @Test
    void aServerAndAnOrganizationBecomeReadyAndTheLoginIsInTheBinding(ApiServer api) throws Exception {
        try (var upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
                var operator = new RunningOperator(api, "")) {
            operator.credentials(operator.namespace(), "smarthost", "relay", "s3cret");
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port()) + "---\n" + ACME);
            awaitServer(operator, "Ready", Condition.Status.True, "Accepted");
            operator.startRelay();
            awaitOrganization(operator, "Ready", Condition.Status.True, "MailWorks");

            assertThat(upstream.messages()).hasSize(1);
            Secret binding = operator.client().secrets().inNamespace(operator.tenant()).withName("acme-mail").require();
            assertThat(binding.getType()).isEqualTo("servicebinding.io/smtp");
            assertThat(binding.getData().keySet()).containsExactlyInAnyOrder("type", "provider", "host", "port",
                    "username", "password", "from", "from-name", "ca.crt", "uri", "PASSWORD_RECOVERY_ENABLED",
                    "ALERTS_ENABLED", "NOTIFICATIONS_ENABLED", "USAGE_REPORT_ENABLED");
            assertThat(Caches.entry(binding, "username")).contains("acme." + operator.tenant());
            String password = Caches.entry(binding, "password").orElseThrow();
            var route = RouteJson.read(route(operator, RouteSecret.Kind.ORGANIZATION, operator.tenant(), "acme"),
                    OrganizationRoute.class);
            assertThat(route.state()).isEqualTo(OrganizationRoute.State.OPEN);
            assertThat(RouteJson.write(route)).doesNotContain(password);
            assertThat(operator.kubectl("get", "oms", "-n", "$TENANT")).containsIgnoringWhitespaces(
                    "acme noreply@acme.example global: global acme-mail True MailWorks");
        }
    }

    @Test
    void whereNamespacesAreNamedItsOwnAndTheTrustedOnesAreLookedAtToo(ApiServer api) throws Exception {
        String trusted = api.createNamespace("trusted");
        try (var upstream = ScriptedSmtpServer.start();
                var operator = new RunningOperator(api, "trustedNamespaces: [" + trusted + "]")) {
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port())
                    .replace("$OPERATOR", trusted)
                    .replaceAll(" *authentication:.*\n", "") + "---\n" + ACME.replace("$TENANT", "$OPERATOR"));

            await().until(() -> operator.serverCondition(trusted, "global", "Ready")
                    .filter(c -> c.reason().equals("Accepted"))
                    .isPresent());
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "oms", "-n", "$OPERATOR"))
                    .containsIgnoringWhitespaces("acme noreply@acme.example global: global acme-mail"));
        }
    }

    @Test
    void mendingTheSecretAloneMendsTheServerWithinTwoSeconds(ApiServer api) throws Exception {
        try (var upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
                var operator = new RunningOperator(api, "")) {
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port()));
            awaitServer(operator, "SecretsValid", Condition.Status.False, "SecretNotFound");

            operator.kubectl("create", "secret", "generic", "smarthost", "-n", "$OPERATOR",
                    "--type=kubernetes.io/basic-auth",
                    "--from-literal=username=relay");
            operator.kubectl("annotate", "ms", "global", "-n", "$OPERATOR", "look=again");
            awaitServer(operator, "SecretsValid", Condition.Status.False, "SecretNotLabelled");

            operator.kubectl("label", "secret", "smarthost", "-n", "$OPERATOR", "postrider.dev/credentials=true");
            awaitServer(operator, "SecretsValid", Condition.Status.False, "SecretKeyMissing");

            operator.credentials(operator.namespace(), "smarthost", "relay", "s3cret");
            await().atMost(Duration.ofSeconds(2))
                    .until(() -> operator.serverCondition(operator.namespace(), "global", "SecretsValid")
                            .filter(c -> c.status() == Condition.Status.True)
                            .isPresent());
            awaitServer(operator, "Ready", Condition.Status.True, "Accepted");
        }
    }

    @Test
    void aWrongPasswordSaysSoTurnsPasswordRecoveryOffAndTheLastGoodRouteStays(ApiServer api) throws Exception {
        try (var upstream = ScriptedSmtpServer.start().login("relay", "s3cret", "PLAIN");
                var operator = new RunningOperator(api, "")) {
            operator.credentials(operator.namespace(), "smarthost", "relay", "s3cret");
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port()) + "---\n" + ACME);
            operator.startRelay();
            awaitServer(operator, "Ready", Condition.Status.True, "Accepted");
            awaitOrganization(operator, "PasswordRecoveryAvailable", Condition.Status.True, "MailWorks");
            String good = route(operator, RouteSecret.Kind.SERVER, operator.namespace(), "global");

            operator.credentials(operator.namespace(), "smarthost", "relay", "tyop-of-it");
            awaitServer(operator, "TestSendSucceeded", Condition.Status.False, "Authentication");
            awaitOrganization(operator, "PasswordRecoveryAvailable", Condition.Status.False, "MailNotProved");

            assertThat(route(operator, RouteSecret.Kind.SERVER, operator.namespace(), "global")).isEqualTo(good);
            var condition = operator.serverCondition(operator.namespace(), "global", "Ready").orElseThrow();
            assertThat(condition.message()).contains("535", "goes on with the last valid settings")
                    .doesNotContain("tyop-of-it");
            await().untilAsserted(() -> assertThat(operator.kubectl("describe", "ms", "global", "-n", "$OPERATOR"))
                    .contains("TestSendFailed")
                    .doesNotContain("tyop-of-it", "s3cret"));
        }
    }

    @Test
    void anUnconfirmedDeletionIsHeldAndAConfirmedOneGoesThrough(ApiServer api) throws Exception {
        try (var upstream = ScriptedSmtpServer.start();
                var operator = new RunningOperator(api, "globalServerPolicy: Optional")) {
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port())
                    .replaceAll(" *authentication:.*\n", "") + "---\n" + ACME);
            awaitOrganization(operator, "BindingReady", Condition.Status.True, "Written");
            awaitServer(operator, "Ready", Condition.Status.True, "Accepted");

            operator.kubectl("delete", "ms", "global", "-n", "$OPERATOR", "--wait=false");
            awaitServer(operator, "DeletionConfirmed", Condition.Status.False, "ConfirmationMissing");
            assertThat(operator.serverCondition(operator.namespace(), "global", "DeletionConfirmed")
                    .orElseThrow()
                    .message())
                    .contains(operator.tenant() + "/acme", "\"deletionConfirmation\":\"Delete\"");
            assertThat(route(operator, RouteSecret.Kind.SERVER, operator.namespace(), "global")).isNotEmpty();

            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    "{\"spec\":{\"deletionConfirmation\":\"delete\"}}");
            awaitServer(operator, "DeletionConfirmed", Condition.Status.False, "ConfirmationWrong");

            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(operator.kubectl("get", "ms", "global", "-n", "$OPERATOR"))
                            .contains("NotFound"));
            assertThat(operator.client()
                    .secrets()
                    .inNamespace(operator.namespace())
                    .withName(RouteSecret.Kind.SERVER.secretName(new ResourceKey(operator.namespace(), "global")))
                    .get()).isNull();
        }
    }

    @Test
    void aSecretThatIsSomebodyElsesIsNeverOverwritten(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "")) {
            operator.kubectl("create", "secret", "generic", "acme-mail", "-n", "$TENANT",
                    "--from-literal=password=mine");
            operator.apply(ACME);
            awaitOrganization(operator, "BindingReady", Condition.Status.False, "SecretExists");

            Secret untouched = operator.client()
                    .secrets()
                    .inNamespace(operator.tenant())
                    .withName("acme-mail")
                    .require();
            assertThat(Caches.entry(untouched, "password")).contains("mine");

            operator.kubectl("delete", "secret", "acme-mail", "-n", "$TENANT");
            operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "look=again");
            awaitOrganization(operator, "BindingReady", Condition.Status.True, "Written");
        }
    }

    @Test
    void deletingTheBindingRotatesThePassword(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "")) {
            operator.apply(ACME);
            awaitOrganization(operator, "BindingReady", Condition.Status.True, "Written");
            String first = password(operator).orElseThrow();

            operator.kubectl("delete", "secret", "acme-mail", "-n", "$TENANT");

            await().until(() -> password(operator).filter(p -> !p.equals(first)).isPresent());
        }
    }

    @Test
    void aPausedResourceIsLeftAlone(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "")) {
            operator.apply(ACME.replace("namespace: $TENANT",
                    "namespace: $TENANT, annotations: {postrider.dev/paused: \"true\"}"));
            operator.apply(ACME.replace("name: acme,", "name: other,"));
            await().until(() -> operator.organizationCondition("other", "BindingReady").isPresent());
            assertThat(operator.organizationCondition("acme", "Ready")).get()
                    .extracting(Condition::reason)
                    .isEqualTo("Pending");

            operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "postrider.dev/paused-");
            awaitOrganization(operator, "BindingReady", Condition.Status.True, "Written");
        }
    }

    private static Optional<String> password(RunningOperator operator) {
        return Optional
                .ofNullable(operator.client().secrets().inNamespace(operator.tenant()).withName("acme-mail").get())
                .flatMap(s -> Caches.entry(s, "password"));
    }

    private static String route(RunningOperator operator, RouteSecret.Kind kind, String namespace, String name) {
        return Optional.ofNullable(operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withName(kind.secretName(new ResourceKey(namespace, name)))
                .get()).flatMap(s -> Caches.entry(s, RouteSecret.DATA_KEY)).orElse("");
    }

    @Test
    @Tag("organizations")
    void aNewValueOfTheAnnotationRotatesThePasswordOnceAndTheFormerOneIsTakenForItsTime(ApiServer api)
            throws Exception {
        try (var upstream = ScriptedSmtpServer.start(); var operator = new RunningOperator(api, "")) {
            operator.apply(GLOBAL.replace("$PORT", "" + upstream.port()).replaceAll(" *authentication:.*\n", "")
                    + "---\n" + ACME.replace("  identity:", "  binding: {rotationOverlap: 1h}\n  identity:"));
            awaitServer(operator, "Ready", Condition.Status.True, "Accepted");
            operator.startRelay();
            awaitOrganization(operator, "Ready", Condition.Status.True, "MailWorks");
            Secret before = operator.client().secrets().inNamespace(operator.tenant()).withName("acme-mail").require();
            assertThat(before.getMetadata().getAnnotations()).containsEntry("reloader.stakater.com/match", "true");
            String old = Caches.entry(before, "password").orElseThrow();

            operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "postrider.dev/rotate=january");
            await().until(() -> !password(operator).orElseThrow().equals(old));
            String rotated = password(operator).orElseThrow();
            var route = RouteJson.read(route(operator, RouteSecret.Kind.ORGANIZATION, operator.tenant(), "acme"),
                    OrganizationRoute.class);
            assertThat(route.takes(rotated, Instant.now())).isTrue();
            assertThat(route.takes(old, Instant.now())).isTrue();
            assertThat(route.takes(old, Instant.now().plusSeconds(3601))).isFalse();
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "oms", "acme", "-n", "$TENANT", "-o",
                    "jsonpath={.status.binding.rotatedAt} {.status.binding.formerPasswordValidUntil}"))
                    .matches("20\\S+Z 20\\S+Z\\s*"));
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", "$TENANT"))
                    .contains("Rotated", "has a new password; the former one is taken until 20"));

            operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "look=again");
            operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"binding\":{\"rotationOverlap\":\"0s\"}}}");
            await().until(() -> !RouteJson.read(
                    route(operator, RouteSecret.Kind.ORGANIZATION, operator.tenant(), "acme"), OrganizationRoute.class)
                    .takes(old, Instant.now()));
            assertThat(password(operator)).as("no second rotation").contains(rotated);
        }
    }

    private static void awaitServer(RunningOperator operator, String type, Condition.Status status, String reason) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(
                        operator.serverCondition(operator.namespace(), "global", type).map(OperatorIT::statusAndReason))
                        .contains(Map.entry(status, reason)));
    }

    private static void awaitOrganization(RunningOperator operator, String type, Condition.Status status,
            String reason) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(operator.organizationCondition("acme", type).map(OperatorIT::statusAndReason))
                                .contains(Map.entry(status, reason)));
    }

    private static Map.Entry<Condition.Status, String> statusAndReason(Condition condition) {
        return Map.entry(condition.status(), condition.reason());
    }
}
