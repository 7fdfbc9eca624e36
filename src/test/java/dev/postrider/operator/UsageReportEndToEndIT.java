package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus.ReportState;
import dev.postrider.api.OrganizationMailSettingsStatus.UsageReportStatus;
import dev.postrider.relay.sink.ReceivedMail;
import dev.postrider.relay.sink.Sink;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A usage report from the schedule to the mailbox, with numbers that the relay really counted. */
@UsesApiServer
@Tag("organizations")
final class UsageReportEndToEndIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String RESOURCES = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: company, namespace: $OPERATOR}
            spec:
              scope: Global
              smtp: {host: 127.0.0.1, port: $PORT, security: None}
              test: {recipient: postmaster@example.com}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example, name: Acme}}
              administrators: [ann@acme.example]
              capabilities: {usageReport: true}
              usageReport: {language: de}
            """;

    @TempDir
    Path directory;

    private volatile Instant now = Instant.now();

    @Test
    void theReportIsSentOnceThoughTheOperatorEndsBeforeItHasWrittenThatDown(ApiServer api) throws Exception {
        try (Sink sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                _ -> {}); var installation = new RunningInstallation(api, directory, "", () -> now)) {
            RunningOperator operator = installation.operator();
            operator.apply(RESOURCES.replace("$PORT", "" + sink.port()));
            operator.startRelay();
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "MailWorks");
            int tests = sink.mails().size();
            await().atMost(PATIENCE).until(() -> status(operator).isPresent());
            var session = installation.session(installation.binding(operator.tenant(), "acme-mail"));
            for (int i = 0; i < 3; i++) {
                session.say("MAIL FROM:<noreply@acme.example>");
                session.say("RCPT TO:<x@y.example>");
                session.say("RCPT TO:<z@y.example>");
                session.say("DATA");
                assertThat(session.say("From: noreply@acme.example\r\nSubject: " + i + "\r\n\r\nbody\r\n."))
                        .startsWith("250");
            }
            assertThat(session.say("MAIL FROM:<somebody@else.example>")).startsWith("550");
            assertThat(sink.await(tests + 3, PATIENCE)).hasSize(tests + 3);
            await().atMost(PATIENCE).until(() -> installation.relay().queued() == 0);

            // The relay counts by the clock on the wall: it is the first of the next month for the operator alone.
            LocalDate next = LocalDate.now(ZoneOffset.UTC).withDayOfMonth(1).plusMonths(1);
            operator.writes().lose("PATCH organizationmailsettings/status acme", 1);
            now = next.atTime(8, 0).toInstant(ZoneOffset.UTC);
            await().pollDelay(Duration.ofMillis(1500)).until(() -> true);
            operator.process().lookAgain();
            sink.await(tests + 4, PATIENCE);
            installation.restartOperator();
            RunningOperator second = installation.operator();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(status(second).flatMap(s -> Optional.ofNullable(s.lastReport())))
                            .hasValueSatisfying(last -> {
                                assertThat(last.state()).isEqualTo(ReportState.Sent);
                                assertThat(last.from()).isEqualTo(next.minusMonths(1).toString());
                                assertThat(last.to()).isEqualTo(next.toString());
                            }));
            await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> installation.relay().queued() == 0);

            List<ReceivedMail> mails = sink.mails();
            assertThat(mails).hasSize(tests + 4);
            ReceivedMail report = mails.getLast();
            assertThat(report.submission().mailboxes()).containsExactly("ann@acme.example");
            assertThat(report.content()).contains("Content-Language: de",
                    "Angenommene E-Mails: 3 (vorher: 0", "=C3=A4nger: 6 (vorher: 0", "Zugestellt: 6 (vorher: 0",
                    "Abgelehnt: 1 (vorher: 0");
        }
    }

    private static Optional<UsageReportStatus> status(RunningOperator operator) {
        return Optional.ofNullable(operator.client()
                .resources(OrganizationMailSettings.class)
                .inNamespace(operator.tenant())
                .withName("acme")
                .require()
                .getStatus()).flatMap(status -> Optional.ofNullable(status.usageReport()));
    }
}
