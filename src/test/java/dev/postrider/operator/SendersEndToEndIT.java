package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition.Status;
import dev.postrider.api.Condition;
import dev.postrider.api.PostriderApi;
import dev.postrider.relay.Dialogue;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.PlayedDns;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An attacker's namespace against the domain of a victim's, by every way that mail takes. */
@UsesApiServer
@Tag("isolation")
final class SendersEndToEndIT {
    private static final String VICTIM = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: shop, namespace: %s}
            spec: {identity: {from: {address: billing@victim.example}}}
            """;

    /** Whatever a tenant may write that names a sender, and whatever sends mail in its name. */
    private static final String ATTACKER = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: forger, namespace: $TENANT, annotations: {postrider.dev/test-send: mark@example.org}}
            spec:
              identity:
                from: {address: billing@victim.example}
                envelopeFrom: bounces@victim.example
                allowedSenders: ["@victim.example", "@*.victim.example"]
              administrators: [me@attacker.example]
              capabilities: {usageReport: true}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: license, namespace: $TENANT, annotations: {postrider.dev/test-send: mark@example.org}}
            spec:
              organizationRef: {name: forger}
              license: {name: Shop, expiryDate: "2020-01-01"}
              daysBefore: 10
              notifyIfAlreadyExpired: true
              recipients: [mark@example.org]
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: grants-itself, namespace: $TENANT}
            spec:
              scope: Global
              smtp: {host: smtp.attacker.example}
              senders: [{namespaces: {}, domains: [victim.example]}]
            """;

    private static final String FINALIZERS = "{\"metadata\":{\"annotations\":{\"postrider.dev/paused\":null},"
            + "\"finalizers\":[\"attacker.example/stays\"%s]}}";

    @TempDir
    Path directory;

    @Test
    void noMailLeavesAsTheDomainOfAnotherNamespace(ApiServer api) throws Exception {
        String victim = api.createNamespace("victim");
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory, "senderDomains: Granted\n", victim)) {
            RunningOperator operator = installation.operator();
            operator.apply(global(upstream.port(), victim));
            operator.apply(VICTIM.formatted(victim));
            operator.startRelay();
            installation.awaitServer(operator.namespace(), "global", "SendersRestricted", Status.True, "Granted");
            installation.awaitOrganization(victim, "shop", "Ready", Status.True, "MailWorks");
            operator.apply(ATTACKER);
            for (String type : List.of("SendersAllowed", "TestSendSucceeded", "Ready")) {
                installation.awaitOrganization(operator.tenant(), "forger", type, Status.False, "SenderNotGranted");
            }
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "len", "license", "-n", "$TENANT", "-o",
                    "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}, sent: {.status.sent}, "
                            + "test: {.status.testSend.failure}"))
                    .startsWith("SenderNotGranted, sent: , test: no test was sent: spec.identity.from.address: "
                            + "\"billing@victim.example\" is not in a domain"));
            assertThat(operator.organizationCondition("forger", "UsageReportAvailable").map(Condition::reason))
                    .contains("MailNotProved");

            String refused = "; no domain is granted to namespace " + operator.tenant()
                    + ", or ask the administrator of Postrider to grant victim.example to namespace "
                    + operator.tenant() + " (spec.senders of a global MailServer)";
            try (Dialogue session = installation.session(installation.binding(operator.tenant(), "forger-mail"))) {
                assertThat(session.say("MAIL FROM:<billing@victim.example>"))
                        .isEqualTo("550 5.7.1 the envelope sender must not be <billing@victim.example>" + refused);
                assertThat(session.mail("", "mark@example.org", "From: billing@victim.example\r\n\r\npay"))
                        .isEqualTo("550 5.7.1 From must not be <billing@victim.example>" + refused);
            }
            try (Dialogue session = installation.session(installation.binding(victim, "shop-mail"))) {
                assertThat(session.mail("billing@victim.example", "buyer@example.org",
                        "From: billing@victim.example\r\nSubject: genuine\r\n\r\nhello")).startsWith("250");
            }
            await().untilAsserted(() -> assertThat(upstream.messages())
                    .filteredOn(mail -> !mail.recipients().contains("postmaster@example.com"))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.text()).contains("Subject: genuine")));

            // A grant counts at once, and so does its end.
            String grant = "{\"spec\":{\"senders\":[{\"namespaces\":{\"matchExpressions\":[{\"key\":"
                    + "\"kubernetes.io/metadata.name\",\"operator\":\"In\",\"values\":[\"%s\"]}]},"
                    + "\"domains\":[\"victim.example\",\"*.victim.example\"]}]}}";
            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    grant.formatted(operator.tenant()));
            installation.awaitOrganization(operator.tenant(), "forger", "SendersAllowed", Status.True, "Granted");
            operator.kubectl("annotate", "oms", "forger", "-n", "$TENANT", "postrider.dev/paused=true");
            installation.awaitOrganization(victim, "shop", "Ready", Status.False, "SenderNotGranted");
            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    grant.formatted(victim));
            installation.awaitOrganization(victim, "shop", "Ready", Status.True, "MailWorks");
            try (Dialogue session = installation.session(installation.binding(operator.tenant(), "forger-mail"))) {
                await().untilAsserted(() -> {
                    String reply = session.say("MAIL FROM:<billing@victim.example>");
                    session.say("RSET");
                    assertThat(reply).startsWith("550 5.7.1 ");
                });
                // A finalizer of their own keeps a deleted organization, for which nobody plans any more.
                operator.kubectl("patch", "oms", "forger", "-n", "$TENANT", "--type=merge", "-p",
                        FINALIZERS.formatted(", \"" + PostriderApi.FINALIZER + "\""));
                operator.kubectl("delete", "oms", "forger", "-n", "$TENANT", "--wait=false");
                operator.kubectl("patch", "oms", "forger", "-n", "$TENANT", "--type=merge", "-p",
                        FINALIZERS.formatted(""));
                await().untilAsserted(() -> {
                    String reply = session.say("MAIL FROM:<billing@victim.example>");
                    session.say("RSET");
                    assertThat(reply).startsWith("535 5.7.8 this organization is no longer known here");
                });
            }
        }
    }

    private static String global(int port, String victim) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: global, namespace: $OPERATOR}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  test: {recipient: postmaster@example.com}
                  senders:
                    - namespaces: {matchLabels: {kubernetes.io/metadata.name: %s}}
                      domains: [victim.example]
                    - namespaces: {matchLabels: {team: shops}}
                      domains: [shops.example]
                """.formatted(port, victim);
    }

    private static String record(RunningOperator operator, String namespace, String name) {
        return operator.kubectl("get", "oms", name, "-n", namespace, "-o",
                "jsonpath={.status.senderDomains[0].value}");
    }

    /** Everybody may claim a domain; the record that its owner publishes is for one namespace alone. */
    @Test
    void aRecordOfTheDomainVerifiesItForOneNamespaceAlone(ApiServer api) throws Exception {
        String victim = api.createNamespace("victim");
        try (PlayedDns dns = PlayedDns.start();
                ScriptedSmtpServer upstream = ScriptedSmtpServer.start();
                var installation = new RunningInstallation(api, directory,
                        "senderDomains: Verified\ndnsServer: \"" + dns.address() + "\"\n", victim)) {
            RunningOperator operator = installation.operator();
            operator.applyGlobalServer(upstream.port());
            operator.apply(VICTIM.formatted(victim));
            operator.apply(ATTACKER);
            operator.startRelay();
            await().untilAsserted(() -> assertThat(record(operator, victim, "shop"))
                    .startsWith("postrider-verification="));
            await().untilAsserted(() -> assertThat(record(operator, operator.tenant(), "forger"))
                    .startsWith("postrider-verification=")
                    .isNotEqualTo(record(operator, victim, "shop")));
            installation.awaitOrganization(victim, "shop", "SendersAllowed", Status.False, "SenderNotGranted");

            dns.says("_postrider.victim.example", "v=spf1 -all", record(operator, victim, "shop"));
            installation.awaitOrganization(victim, "shop", "SendersAllowed", Status.True, "Granted");
            installation.awaitOrganization(victim, "shop", "Ready", Status.True, "MailWorks");
            try (Dialogue session = installation.session(installation.binding(victim, "shop-mail"))) {
                assertThat(session.mail("billing@victim.example", "buyer@example.org",
                        "From: billing@victim.example\r\nSubject: genuine\r\n\r\nhello")).startsWith("250");
            }
            try (Dialogue session = installation.session(installation.binding(operator.tenant(), "forger-mail"))) {
                assertThat(session.say("MAIL FROM:<billing@victim.example>"))
                        .startsWith("550 5.7.1 the envelope sender must not be <billing@victim.example>");
            }
            installation.awaitOrganization(operator.tenant(), "forger", "Ready", Status.False, "SenderNotGranted");
            await().untilAsserted(() -> assertThat(upstream.messages())
                    .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: genuine")));
            // An outage takes nothing away.
            dns.staysSilent("_postrider.victim.example");
            installation.restartOperator();
            await().untilAsserted(() -> assertThat(installation.operator()
                    .kubectl("get", "oms", "shop", "-n", victim, "-o",
                            "jsonpath={.status.senderDomains[0].verified} {.status.senderDomains[0].message}"))
                    .startsWith("true DNS did not answer for _postrider.victim.example"));
            installation.awaitOrganization(victim, "shop", "SendersAllowed", Status.True, "Granted");
        }
    }

    @Test
    void aTenantGrantsNothing(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "senderDomains: Granted\n")) {
            assertThat(api.kubectlWithInput("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: own, namespace: %s}
                    spec:
                      smtp: {host: smtp.attacker.example}
                      senders: [{namespaces: {}, domains: [victim.example]}]
                    """.formatted(operator.tenant()), "apply", "-f", "-").toString())
                    .contains("senders is for global servers");
        }
    }

    @Test
    void thatSendersAreNotRestrictedIsSaidOnce(ApiServer api) throws Exception {
        try (ScriptedSmtpServer upstream = ScriptedSmtpServer.start(); var operator = new RunningOperator(api, "")) {
            operator.applyGlobalServer(upstream.port());
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(operator.serverCondition(operator.namespace(), "global", "Ready")
                            .map(Condition::status)).contains(Status.True));
            assertThat(operator.serverCondition(operator.namespace(), "global", "SendersRestricted"))
                    .hasValueSatisfying(condition -> assertThat(Map.entry(condition.status(), condition.reason()))
                            .isEqualTo(Map.entry(Status.False, "Open")));
            operator.kubectl("annotate", "ms", "global", "-n", "$OPERATOR", "postrider.dev/test-send=again");
            await().untilAsserted(() -> assertThat(upstream.messages()).hasSize(2));
            await().untilAsserted(() -> assertThat(operator.kubectl("get", "events", "-n", "$OPERATOR",
                    "--field-selector=reason=SendersNotRestricted", "-o", "jsonpath={.items[*].involvedObject.name}"))
                    .isEqualTo("global"));
        }
    }
}
