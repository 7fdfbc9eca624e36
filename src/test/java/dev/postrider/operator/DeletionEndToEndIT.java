package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.relay.Dialogue;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.KubernetesBinaries;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deleting, with the relay at work: nothing is lost that nobody meant to lose. */
@UsesApiServer
final class DeletionEndToEndIT {
    private static final Pattern COMMAND = Pattern.compile("To go ahead: kubectl (.*) -p '(.*)'");

    @TempDir
    Path directory;

    private ScriptedSmtpServer upstream;
    private RunningInstallation installation;
    private RunningOperator operator;

    @BeforeEach
    void start(ApiServer api) throws IOException {
        upstream = ScriptedSmtpServer.start();
        installation = RunningInstallation.whereMailWorks(api, directory, upstream.port());
        operator = installation.operator();
    }

    @AfterEach
    void stop() {
        installation.close();
        upstream.close();
    }

    private Dialogue session() throws Exception {
        return installation.session(installation.binding(operator.tenant(), "acme-mail"));
    }

    private static String send(Dialogue session, String subject) throws IOException {
        return session.mail("noreply@acme.example", "buyer@example.org",
                "From: noreply@acme.example\r\nSubject: " + subject + "\r\n\r\nhello");
    }

    @Test
    void theChartsPolicyRefusesAnUnconfirmedDeletionAtTheDoor(ApiServer api) {
        var policy = CommandResult.run(Path.of("."), Map.of(), "", List.of(
                KubernetesBinaries.ofThisMachine().helm().toString(), "template", "postrider", "helm/postrider",
                "--namespace", operator.namespace(), "--set",
                "watchNamespaces={" + operator.tenant() + "}", "--show-only", "templates/admissionpolicy.yaml"));
        assertThat(policy.exitCode()).as(policy.err()).isZero();
        operator.apply(policy.out());
        await().atMost(Duration.ofSeconds(30))
                .until(() -> api
                        .kubectl("delete", "oms", "acme", "-n", operator.tenant(), "--wait=false", "--dry-run=server")
                        .exitCode() == 1);

        assertThat(operator.kubectl("delete", "oms", "acme", "-n", "$TENANT", "--wait=false"))
                .contains("spec.deletionConfirmation must be Delete before OrganizationMailSettings acme can be "
                        + "deleted, since mail may depend on it. To confirm, and then delete again: kubectl patch");

        assertThat(operator.kubectl("get", "oms", "acme", "-n", "$TENANT", "-o",
                "jsonpath={.metadata.deletionTimestamp}")).isEmpty();
        operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
        operator.kubectl("delete", "oms", "acme", "-n", "$TENANT", "--wait=false");
        awaitGone("oms", "acme", "$TENANT");
    }

    @Test
    void anUnconfirmedDeletionIsHeldMailFlowsAndTheMessageSaysHowToGoAhead() throws Exception {
        operator.kubectl("delete", "oms", "acme", "-n", "$TENANT", "--wait=false");
        operator.kubectl("delete", "ms", "global", "-n", "$OPERATOR", "--wait=false");
        installation.awaitOrganization(operator.tenant(), "acme", "DeletionConfirmed", Condition.Status.False,
                "ConfirmationMissing");
        installation.awaitServer(operator.namespace(), "global", "DeletionConfirmed", Condition.Status.False,
                "ConfirmationMissing");

        try (Dialogue session = session()) {
            assertThat(send(session, "still here")).startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: still here")));
        assertThat(operator.kubectl("describe", "oms", "acme", "-n", "$TENANT")).contains(
                "held, and everything goes on working, because spec.deletionConfirmation is not set.",
                "Its login at the relay and Secret \"acme-mail\" will be lost.");
        awaitEvent("ConfirmationMissing", "To go ahead: kubectl -n " + operator.tenant() + " patch");

        confirmAsTold(operator.organizationCondition("acme", "DeletionConfirmed").orElseThrow());
        awaitGone("oms", "acme", "$TENANT");
        assertThat(operator.kubectl("get", "secret", "acme-mail", "-n", "$TENANT")).contains("NotFound");
        awaitEvent("Deleted", "deleted as confirmed; its login at the relay and Secret \"acme-mail\" are removed");
        confirmAsTold(operator.serverCondition(operator.namespace(), "global", "DeletionConfirmed").orElseThrow());
        awaitGone("ms", "global", "$OPERATOR");
    }

    /** Types what the message says. */
    private void confirmAsTold(Condition held) {
        Matcher command = COMMAND.matcher(held.message());
        assertThat(command.find()).as(held.message()).isTrue();
        List<String> arguments = new ArrayList<>(List.of(command.group(1).split(" ", -1)));
        arguments.addAll(List.of("-p", command.group(2)));
        assertThat(operator.kubectl(arguments.toArray(String[]::new))).endsWith(" patched\n");
    }

    /** The deletion comes while the operator writes the status of the confirmation. */
    @Test
    void aDeletionRightAfterItsConfirmationIsNotOverlooked() {
        for (int i = 0; i < 10; i++) {
            String name = "short-lived-" + i;
            operator.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: $NAME, namespace: $TENANT}
                    spec:
                      smtp: {host: 127.0.0.1, port: $PORT, security: None}
                    """.replace("$NAME", name).replace("$PORT", "" + upstream.port()));
            installation.awaitServer(operator.tenant(), name, "Ready", Condition.Status.True, "NotTested");
            var server = operator.client().resources(MailServer.class).inNamespace(operator.tenant()).withName(name);
            server.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
            server.delete();

            await(name).atMost(Duration.ofSeconds(10)).until(() -> server.get() == null);
        }
    }

    @Test
    void aConfirmedDeletionWaitsForQueuedMail() throws Exception {
        upstream.on("RCPT", "451 4.7.1 greylisted, try again later");
        try (Dialogue session = session()) {
            assertThat(send(session, "queued before")).startsWith("250");
            confirmAndDelete();
            installation.awaitOrganization(operator.tenant(), "acme", "DeletionConfirmed", Condition.Status.True,
                    "Draining");

            await().untilAsserted(() -> assertThat(operator.organizationCondition("acme", "DeletionConfirmed")
                    .orElseThrow()
                    .message())
                    .isEqualTo("confirmed; no new mail is taken. Waiting for 1 queued message to be delivered; "
                            + "spec.queuedMailOnDeletion: Drop throws away what is queued"));
            assertThat(session.say("MAIL FROM:<noreply@acme.example>"))
                    .isEqualTo("550 5.7.1 this organization is being deleted");
            assertThat(installation.relay().queued()).isEqualTo(1);
        }
        upstream.on("RCPT", "250 2.1.5 welcome now");

        awaitGone("oms", "acme", "$TENANT");
        assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: queued before"));
        awaitEvent("Deleted", "queued mail was delivered");
    }

    @Test
    void aConfirmedDeletionDropsQueuedMailWhereItsOwnerAsks() throws Exception {
        upstream.on("RCPT", "451 4.7.1 greylisted, try again later");
        try (Dialogue session = session()) {
            assertThat(send(session, "never to arrive")).startsWith("250");
        }
        operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                "{\"spec\":{\"queuedMailOnDeletion\":\"Drop\"}}");
        confirmAndDelete();

        awaitGone("oms", "acme", "$TENANT");
        assertThat(installation.relay().queued()).isZero();
        assertThat(upstream.messages()).as("the test mail alone").hasSize(1);
        awaitEvent("Deleted", "queued mail was dropped");
    }

    private void confirmAndDelete() {
        operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
        operator.kubectl("delete", "oms", "acme", "-n", "$TENANT", "--wait=false");
    }

    private void awaitGone(String kind, String name, String namespace) {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(operator.kubectl("get", kind, name, "-n", namespace))
                        .contains("NotFound"));
    }

    private void awaitEvent(String reason, String message) {
        await().untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", "$TENANT",
                "--field-selector=reason=" + reason, "-o", "jsonpath={.items[*].message}")).contains(message));
    }
}
