package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.Dialogue;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A global server refuses all mail of one organization: what its status and Events say of that. */
@UsesApiServer
@Tag("delivery-world")
final class MailRestEndToEndIT {
    private static final String RESOURCES = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: global, namespace: $OPERATOR}
            spec:
              scope: Global
              smtp: {host: 127.0.0.1, port: $PORT, security: None}
              test: {recipient: postmaster@example.com}
              replyRules:
                - {codes: [550], enhanced: ["5.1.8"], class: AccountSuspended, action: HoldOrganization}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example}}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: other, namespace: $OTHER}
            spec:
              identity: {from: {address: noreply@other.example}}
            """;

    @TempDir
    Path directory;

    @Test
    void theStatusSaysThatMailIsHeldAndWhatToDo(ApiServer api) throws Exception {
        String namespace = api.createNamespace("other");
        try (ScriptedSmtpServer server = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory, "", namespace)) {
            RunningOperator operator = installation.operator();
            operator.apply(RESOURCES.replace("$PORT", "" + server.port()).replace("$OTHER", namespace));
            operator.startRelay();
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "MailWorks");
            installation.awaitOrganization(namespace, "other", "Ready", Condition.Status.True, "MailWorks");
            server.on("MAIL", line -> line.contains("acme") ? "550 5.1.8 Access denied, bad outbound sender" : "");

            send(installation, operator.tenant(), "acme");
            installation.awaitOrganization(operator.tenant(), "acme", "MailTaken", Condition.Status.False, "Held");
            send(installation, namespace, "other");
            await().until(() -> installation.relay().queued() == 1);
            String message = operator.organizationCondition(operator.tenant(), "acme", "MailTaken")
                    .orElseThrow()
                    .message();
            assertThat(message).contains("MailServer " + operator.namespace() + "/global takes no mail",
                    "(AccountSuspended: ", "550 5.1.8 Access denied, bad outbound sender",
                    "postrider queue release --organization " + operator.tenant() + "/acme --state held");
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "MailWorks");
            await().untilAsserted(() -> assertThat(events(operator, operator.tenant()).lines())
                    .filteredOn(event -> event.contains("MailHeld"))
                    .containsExactly("Warning MailHeld " + message));

            server.on("MAIL", "");
            release(installation, operator.tenant() + "/acme");
            await().until(() -> installation.relay().queued() == 0);
            // Half a minute after this the status says so, too.
            await().untilAsserted(() -> assertThat(operator.get(installation.relay().adminPort(), "/mail-rests"))
                    .isEqualToIgnoringNewLines("[]"));
            assertThat(operator.organizationCondition(namespace, "other", "MailTaken")).isEmpty();
            assertThat(events(operator, namespace)).doesNotContain("MailHeld", "acme");
        }
    }

    private static void send(RunningInstallation installation, String namespace, String name) throws Exception {
        Dialogue session = installation.session(installation.binding(namespace, name + "-mail"));
        session.say("MAIL FROM:<noreply@" + name + ".example>");
        session.say("RCPT TO:<x@y.example>");
        session.say("DATA");
        assertThat(session.say("From: noreply@" + name + ".example\r\n\r\nbody\r\n.")).startsWith("250");
        session.say("QUIT");
    }

    private static void release(RunningInstallation installation, String organization) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(HttpRequest
                    .newBuilder(URI.create("http://127.0.0.1:" + installation.relay().adminPort()
                            + "/api/v1/queue/release?state=held&organization=" + organization))
                    .header("Authorization", "Bearer " + installation.operator().adminToken())
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.body()).contains("\"changed\":1");
        }
    }

    private static String events(RunningOperator operator, String namespace) {
        return operator.kubectl("get", "events", "-n", namespace, "-o",
                "jsonpath={range .items[*]}{.type} {.reason} {.message}{\"\\n\"}{end}");
    }
}
