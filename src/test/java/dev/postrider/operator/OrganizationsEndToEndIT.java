package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that an organization asks for, and what no organization may do to another. */
@UsesApiServer
final class OrganizationsEndToEndIT {
    private static final String SERVER = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: $NAME, namespace: $NAMESPACE}
            spec:
              scope: $SCOPE
              smtp: {host: 127.0.0.1, port: $PORT, security: None}
              sender: {address: postmaster@acme.example}
              test: {recipient: check@acme.example}
            """;
    private static final String ORGANIZATION = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: $NAME, namespace: $TENANT}
            spec:
              servers: $SERVERS
              identity:
                from: {address: noreply@acme.example, name: Acme}
                replyTo: {address: service@acme.example}
            """;

    @TempDir
    Path directory;

    private static String server(String name, String namespace, String scope, ScriptedSmtpServer upstream) {
        return SERVER.replace("$NAMESPACE", namespace)
                .replace("$NAME", name)
                .replace("$SCOPE", scope)
                .replace("$PORT", "" + upstream.port());
    }

    private static String organization(String name, String servers) {
        return ORGANIZATION.replace("$NAME", name).replace("$SERVERS", servers);
    }

    @Test
    void theAnnotationTestsEachServerWithTheOrganizationsIdentityAndARestartDoesNot(ApiServer api)
            throws Exception {
        try (ScriptedSmtpServer first = ScriptedSmtpServer.start();
                ScriptedSmtpServer second = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory, "globalServerPolicy: Optional")) {
            RunningOperator operator = installation.operator();
            String tenant = operator.tenant();
            operator.apply(server("first", "$TENANT", "Organization", first)
                    + server("second", "$TENANT", "Organization", second)
                    + organization("acme", "[{name: first}, {name: second}]"));
            operator.startRelay();
            installation.awaitOrganization(tenant, "acme", "Ready", Condition.Status.True, "MailWorks");

            operator.kubectl("annotate", "oms", "acme", "-n", "$TENANT", "postrider.dev/test-send=probe@example.org");

            await().untilAsserted(() -> assertThat(testSends(operator)).isEqualTo("""
                    %1$s/first true probe@example.org probe@example.org
                    %1$s/second true probe@example.org probe@example.org
                    """.formatted(tenant)));
            for (ScriptedSmtpServer upstream : Set.of(first, second)) {
                assertThat(upstream.messages()).as("the server's own test, and the organization's").hasSize(2);
                assertThat(upstream.messages().getLast().sender()).startsWith("<noreply@acme.example>");
                assertThat(upstream.messages().getLast().recipients()).containsExactly("probe@example.org");
                assertThat(upstream.messages().getLast().text()).contains("From: Acme <noreply@acme.example>",
                        "Reply-To: service@acme.example", "To: probe@example.org");
            }
            installation.awaitOrganization(tenant, "acme", "TestSendSucceeded", Condition.Status.True, "Accepted");

            installation.restartOperator();
            RunningOperator restarted = installation.operator();
            restarted.apply(organization("marker", "[{name: first}]"));
            installation.awaitOrganization(tenant, "marker", "BindingReady", Condition.Status.True, "Written");
            await().during(Duration.ofSeconds(1))
                    .atMost(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(first.messages().size() + second.messages().size()).isEqualTo(4));
        }
    }

    private static String testSends(RunningOperator operator) {
        return operator.kubectl("get", "oms", "acme", "-n", "$TENANT", "-o", "jsonpath={range .status.testSends[*]}"
                + "{.mailServer} {.result.accepted} {.result.recipient} {.result.request}{\"\\n\"}{end}");
    }

    @Test
    void noOrganizationCatchesOrUsesWhatIsAnothers(ApiServer api) throws Exception {
        String victim = api.createNamespace("victim");
        try (ScriptedSmtpServer catching = ScriptedSmtpServer.start();
                ScriptedSmtpServer victims = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory, "globalServerPolicy: Optional", victim)) {
            RunningOperator operator = installation.operator();
            operator.apply(server("catch-all", "$TENANT", "Global", catching)
                    + server("private", victim, "Organization", victims)
                    + organization("thief", "[{name: private, namespace: " + victim + "}]")
                    + organization("guesser", "[{name: no-such, namespace: " + victim + "}]"));

            installation.awaitServer(operator.tenant(), "catch-all", "Ready", Condition.Status.False,
                    "ScopeNotAllowed");
            for (String name : Set.of("thief", "guesser")) {
                installation.awaitOrganization(operator.tenant(), name, "ServersResolved", Condition.Status.False,
                        "ServerNotAllowed");
            }
            assertThat(operator.serverCondition(operator.tenant(), "catch-all", "Ready").orElseThrow().message())
                    .isEqualTo(
                            ("spec.scope: a global server would get every organization's mail, so it is honoured only "
                                    + "in the namespaces [%s], not in \"%s\"; declare it there, or make it a server of scope "
                                    + "Organization").formatted(operator.namespace(), operator.tenant()));
            assertThat(message(operator, "thief")).as("nobody learns whether it exists")
                    .isEqualTo(message(operator, "guesser").replace("no-such", "private"))
                    .contains("declare a MailServer in namespace \"" + operator.tenant() + "\"");
            installation.awaitServer(victim, "private", "Ready", Condition.Status.True, "Accepted");
            assertThat(routes(operator)).as("one of the victim's server, and the relay's own")
                    .containsExactlyInAnyOrder(victim + "/private", operator.namespace() + "/postrider-settings");
            assertThat(catching.connections()).isZero();
            assertThat(victims.messages()).as("its own test mail").hasSize(1);
        }
    }

    private static String message(RunningOperator operator, String organization) {
        return operator.organizationCondition(organization, "ServersResolved").orElseThrow().message();
    }

    /** The resources that the relay has a route of. */
    private static Set<String> routes(RunningOperator operator) {
        return operator.client()
                .secrets()
                .inNamespace(operator.namespace())
                .withLabel(RouteSecret.LABEL)
                .list()
                .getItems()
                .stream()
                .map(s -> s.getMetadata().getAnnotations().get(RouteSecret.SOURCE_ANNOTATION))
                .collect(Collectors.toSet());
    }
}
