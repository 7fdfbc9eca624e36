package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.Dialogue;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What applications may do because mail works, and the mail that they send to those who help. */
@UsesApiServer
@Tag("organizations")
final class CapabilitiesEndToEndIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private ScriptedSmtpServer upstream;

    @BeforeEach
    void start() throws Exception {
        upstream = ScriptedSmtpServer.start();
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @Test
    void goOffTogetherWhenMailStopsWorkingAndComeBackByThemselves(ApiServer api) throws Exception {
        try (var installation = RunningInstallation.whereMailWorks(api, directory, upstream.port())) {
            RunningOperator operator = installation.operator();
            awaitTellings(operator, true);
            try (Dialogue alerts = installation.session(installation.binding(operator.tenant(), "acme-mail"),
                    "+alerts")) {
                awaitSender(alerts, "250 2.1.0 sender OK");

                upstream.on("MESSAGE", "554 5.7.1 not today");
                testServer(operator, "first");
                awaitTellings(operator, false);
                awaitSender(alerts,
                        "550 5.7.1 mail of class alerts is not taken while mail is not proved to work; the status of "
                                + "OrganizationMailSettings " + operator.tenant() + "/acme tells why");

                upstream.on("MESSAGE", "");
                testServer(operator, "second");
                awaitTellings(operator, true);
                awaitSender(alerts, "250 2.1.0 sender OK");
            }
        }
    }

    /** The relay hears of a route a moment after the binding was written. */
    private static void awaitSender(Dialogue session, String reply) {
        await().atMost(Duration.ofSeconds(2)).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            String now = session.say("MAIL FROM:<noreply@acme.example>");
            session.say("RSET");
            assertThat(now).isEqualTo(reply);
        });
    }

    private static void testServer(RunningOperator operator, String request) {
        operator.kubectl("annotate", "ms", "global", "-n", "$OPERATOR", "--overwrite",
                "postrider.dev/test-send=postmaster@example.com " + request);
    }

    /** What the binding says, and in the end the conditions. */
    private static void awaitTellings(RunningOperator operator, boolean available) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            Map<String, String> tellings = new TreeMap<>();
            operator.client()
                    .secrets()
                    .inNamespace(operator.tenant())
                    .withName("acme-mail")
                    .require()
                    .getData()
                    .forEach((key, value) -> tellings.put(key,
                            new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
            tellings.keySet().removeIf(key -> !key.endsWith("_ENABLED"));
            assertThat(tellings).isEqualTo(Map.of("PASSWORD_RECOVERY_ENABLED", "" + available, "ALERTS_ENABLED",
                    "" + available, "NOTIFICATIONS_ENABLED", "" + available, "USAGE_REPORT_ENABLED", "false"));
            for (String type : new String[]{"PasswordRecoveryAvailable", "AlertsAvailable", "NotificationsAvailable"}) {
                assertThat(operator.organizationCondition(operator.tenant(), "acme", type)
                        .map(Condition::status)).contains(available ? Condition.Status.True : Condition.Status.False);
            }
        });
    }

    @Test
    void mailToSupportTellsOfLicensesAndServersAsTheyAreThen(ApiServer api) throws Exception {
        try (var installation = RunningInstallation.whereMailWorks(api, directory, upstream.port(),
                "support: {address: help@example.com}\n")) {
            RunningOperator operator = installation.operator();
            LocalDate today = LocalDate.now(ZoneId.of("UTC"));
            operator.kubectl("patch", "oms", "acme", "-n", "$TENANT", "--type=merge", "-p",
                    "{\"spec\":{\"administrators\":[\"admin@acme.example\"],"
                            + "\"support\":{\"attachSystemInformation\":true}}}");
            operator.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: LicenseExpiryNotice
                    metadata: {name: shop, namespace: $TENANT}
                    spec:
                      organizationRef: {name: acme}
                      license: {name: Shop, expiryDate: "%s"}
                      daysBefore: 20
                      recipients: [owner@acme.example]
                    """.formatted(today.plusDays(89)));
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(attached(installation, operator)).contains("Organization: " + operator.tenant() + "/acme",
                        "Shop: expires on " + today.plusDays(89) + " (UTC), 90 days left",
                        operator.namespace() + "/global: Ready=True, Accepted");
            });
        }
    }

    /** Writes to support, and reads the text that those who help find attached. */
    private String attached(RunningInstallation installation, RunningOperator operator) throws Exception {
        String subject = "Subject: help " + System.nanoTime();
        try (Dialogue session = installation.session(installation.binding(operator.tenant(), "acme-mail"))) {
            assertThat(session.mail("noreply@acme.example", "support@postrider.internal",
                    "From: noreply@acme.example\r\nReply-To: ann@shop.example\r\n" + subject
                            + "\r\n\r\nIt is broken.\r\n"))
                    .startsWith("250");
        }
        ScriptedSmtpServer.Received mail = await().until(
                () -> upstream.messages().stream().filter(m -> m.text().contains(subject)).findFirst(),
                found -> found.isPresent())
                .orElseThrow();
        assertThat(mail.recipients()).containsExactly("help@example.com");
        var message = new MimeMessage(null,
                new ByteArrayInputStream(mail.text().getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(message.getReplyTo()).singleElement().hasToString("ann@shop.example");
        var parts = (MimeMultipart) message.getContent();
        assertThat((String) parts.getBodyPart(0).getContent()).contains("It is broken.");
        return (String) parts.getBodyPart(1).getContent();
    }
}
