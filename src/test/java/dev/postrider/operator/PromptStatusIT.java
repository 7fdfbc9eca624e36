package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Statuses follow whatever they depend on within two seconds, and do not wait for the look every five minutes. */
@UsesApiServer
@Tag("promises")
final class PromptStatusIT {
    private static final String OWN = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own, namespace: $TENANT}
            spec:
              smtp: {host: 127.0.0.1, port: $PORT, security: None}
              test: {recipient: postmaster@example.com}
            """;
    private static final String ACME = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example}}
              servers: [{name: own}]
            """;
    private static final String NOTICE = """
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: suite, namespace: $TENANT}
            spec:
              organizationRef: {name: acme}
              license: {name: Suite, expiryFrom: {secretRef: {name: license}, key: until}}
              daysBefore: 30
              recipients: [it@acme.example]
            """;

    @Test
    void theMasterSwitchIsInTheStatusOfThoseWithOwnServers(ApiServer api) throws Exception {
        try (var upstream = ScriptedSmtpServer.start(); var operator = new RunningOperator(api, "")) {
            operator.applyGlobalServer(upstream.port());
            operator.apply(OWN.replace("$PORT", "" + upstream.port()) + "---\n" + ACME);
            operator.startRelay();
            await().atMost(Duration.ofSeconds(20)).until(() -> ready(operator, "acme").equals("True MailWorks"));

            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    "{\"spec\":{\"active\":false}}");
            soon(operator, "acme", "False NoActiveGlobalServer");

            operator.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                    "{\"spec\":{\"active\":true}}");
            soon(operator, "acme", "True MailWorks");
        }
    }

    @Test
    void whatIsNamedAndComesLaterIsSeenAtOnce(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional")) {
            operator.apply(NOTICE);
            awaitNotice(operator, "SecretNotFound");
            operator.apply("""
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: license, namespace: $TENANT, labels: {postrider.dev/credentials: "true"}}
                    stringData: {until: "2999-06-30"}
                    """);
            soonNotice(operator, "OrganizationNotFound");
            operator.apply(ACME + "  events: {webhook: {url: 'https://e.example/', signingSecretRef: {name: hook}}}\n");
            soon(operator, "acme", "False SecretNotFound");
            assertThat(operator.organizationCondition("acme", "Stalled")).isEmpty();
            soonNotice(operator, "MailNotWorking");

            operator.credentials(operator.tenant(), "hook", "nobody", "unused");
            soon(operator, "acme", "False SecretKeyMissing");
            operator.kubectl("patch", "secret", "hook", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"stringData\":{\"signing-key\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}}");
            soon(operator, "acme", "False ServerNotFound");

            operator.apply(OWN.replace("$PORT", "1").replaceAll(" *test:.*\n", ""));
            operator.startRelay();
            soon(operator, "acme", "True NotTested");
            soonNotice(operator, "Scheduled");

            operator.kubectl("delete", "secret", "hook", "-n", "$TENANT");
            soon(operator, "acme", "False SecretNotFound");
        }
    }

    @Test
    void aNameThatSomebodyGivesUpIsTaken(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional")) {
            String named = ACME.replace("  servers: [{name: own}]\n", "  binding: {secretName: mail}\n");
            operator.apply(named);
            awaitBinding(operator, "acme", "Written", Duration.ofSeconds(20));
            operator.apply(named.replace("name: acme,", "name: other,"));
            awaitBinding(operator, "other", "SecretExists", Duration.ofSeconds(20));
            operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"binding\":{\"secretName\":\"elsewhere\"}}}");
            awaitBinding(operator, "other", "Written", Duration.ofSeconds(2));

            operator.kubectl("create", "secret", "generic", "mine", "-n", "$TENANT", "--from-literal=a=b");
            operator.kubectl("patch", "oms", "other", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"binding\":{\"secretName\":\"mine\"}}}");
            awaitBinding(operator, "other", "SecretExists", Duration.ofSeconds(2));
            operator.kubectl("delete", "secret", "mine", "-n", "$TENANT");
            // No watch tells of a Secret without the label: it is looked at after two seconds, then more seldom.
            awaitBinding(operator, "other", "Written", Duration.ofSeconds(8));
        }
    }

    @Test
    void aHeldServerNamesThoseWhoUseItNow(ApiServer api) throws Exception {
        try (var operator = new RunningOperator(api, "globalServerPolicy: Optional")) {
            operator.apply(OWN.replace("$PORT", "1").replaceAll(" *test:.*\n", ""));
            await().until(() -> operator.serverCondition(operator.tenant(), "own", "Ready")
                    .filter(c -> c.status() == Condition.Status.True)
                    .isPresent());
            operator.kubectl("delete", "ms", "own", "-n", "$TENANT", "--wait=false");
            awaitHeld(operator, "No organization sends through it.", Duration.ofSeconds(20));
            operator.apply(ACME);
            awaitHeld(operator, "Organizations that send through it: " + operator.tenant() + "/acme",
                    Duration.ofSeconds(2));
            operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"servers\":[]}}");
            awaitHeld(operator, "No organization sends through it.", Duration.ofSeconds(2));
        }
    }

    private static void awaitHeld(RunningOperator operator, String users, Duration most) {
        await().atMost(most)
                .untilAsserted(() -> assertThat(operator.serverCondition(operator.tenant(), "own", "DeletionConfirmed")
                        .map(Condition::message)
                        .orElse("")).contains(users));
    }

    private static void awaitBinding(RunningOperator operator, String name, String reason, Duration most) {
        await().atMost(most)
                .untilAsserted(() -> assertThat(
                        operator.organizationCondition(name, "BindingReady").map(Condition::reason)).contains(reason));
    }

    private static void soon(RunningOperator operator, String name, String expected) {
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(ready(operator, name)).isEqualTo(expected));
    }

    private static String ready(RunningOperator operator, String name) {
        return operator.organizationCondition(name, "Ready").map(c -> c.status() + " " + c.reason()).orElse("");
    }

    private static void soonNotice(RunningOperator operator, String reason) {
        awaitNotice(operator, reason, Duration.ofSeconds(2));
    }

    private static void awaitNotice(RunningOperator operator, String reason) {
        awaitNotice(operator, reason, Duration.ofSeconds(20));
    }

    private static void awaitNotice(RunningOperator operator, String reason, Duration most) {
        await().atMost(most)
                .untilAsserted(() -> assertThat(Optional.ofNullable(operator.client()
                        .resources(LicenseExpiryNotice.class)
                        .inNamespace(operator.tenant())
                        .withName("suite")
                        .get()
                        .getStatus())
                        .flatMap(status -> Objects.requireNonNull(status.conditions())
                                .stream()
                                .filter(c -> c.type().equals("Ready"))
                                .findFirst())
                        .map(Condition::reason)).contains(reason));
    }
}
