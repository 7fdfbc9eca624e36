package dev.postrider.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus;
import dev.postrider.api.OrganizationMailSettingsStatus.LastReport;
import dev.postrider.api.OrganizationMailSettingsStatus.ReportState;
import dev.postrider.api.OrganizationMailSettingsStatus.UsageReportStatus;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When usage reports are sent, and about which days. */
@Tag("organizations")
final class UsageReportsTest {
    private static final String MANIFEST = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: shop, uid: uid-1}
            spec:
              identity: {from: {address: no-reply@acme.example, name: Acme}}
              administrators: [ann@acme.example]
              capabilities: {usageReport: true}
              usageReport: {schedule: "0 0 8 1 * ?", timeZone: Europe/Berlin}
            """;

    private final List<String> mails = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private OrganizationMailSettings organization = read(MANIFEST);
    private String ready = "True";
    private boolean accepted = true;

    private static OrganizationMailSettings read(String manifest) {
        return Serialization.unmarshal(manifest, OrganizationMailSettings.class);
    }

    private void edit(String from, String to) {
        OrganizationMailSettings edited = read(MANIFEST.replace(from, to));
        edited.setStatus(organization.getStatus());
        organization = edited;
    }

    private UsageReports.Result plan(Instant now, UsageReportNews news) {
        Condition condition = new Condition("Ready", Condition.Status.valueOf(ready), "MailWorks", "mail works",
                now.toString(), 1L);
        UsageReports.Result result = new UsageReports(organization,
                Identities.of(organization.getSpec(), new ArrayList<>()),
                UsageReports.declared(organization.getSpec(), now, new ArrayList<>()), condition, now, news).plan();
        organization.setStatus(new OrganizationMailSettingsStatus(null, null, null, null, null, null, null, null,
                result.status().orElse(null), null, null));
        result.notices().forEach(notice -> events.add(notice.reason().toString()));
        return result;
    }

    /** Plans at a time, and sends what is ordered as the operator would. */
    private UsageReports.Result at(String time) {
        return at(Instant.parse(time));
    }

    private UsageReports.Result at(Instant now) {
        UsageReports.Result result = plan(now, UsageReportNews.none());
        if (result.order().isEmpty()) {
            return result;
        }
        UsageReportOrder order = result.order().get();
        assertThat(last().state()).as("written down before it is sent").isEqualTo(ReportState.Sending);
        assertThat(plan(now, new UsageReportNews(Set.of(order.period()), List.of())).order()).isEmpty();
        mails.add(
                now + " " + order.period().from() + " to " + order.period().to() + " after " + order.period().before());
        return plan(now, new UsageReportNews(Set.of(), List.of(new UsageReportNews.Finished(order,
                new SubmissionResult(now, Duration.ZERO, "relay:587", accepted, Optional.empty(),
                        accepted ? Optional.empty() : Optional.of("451 4.3.2 later"))))));
    }

    private UsageReportStatus status() {
        return requireNonNull(organization.getStatus().usageReport());
    }

    private LastReport last() {
        return requireNonNull(status().lastReport());
    }

    @Test
    void threeMonthsHaveThreeReportsAndNoneOfTheTimeBefore() {
        for (Instant now = Instant.parse("2026-08-20T12:00:00Z"); now
                .isBefore(Instant.parse("2026-11-20T00:00:00Z")); now = now.plus(Duration.ofMinutes(30))) {
            at(now);
        }
        assertThat(mails).containsExactly("2026-09-01T06:00:00Z 2026-08-01 to 2026-09-01 after 2026-07-01",
                "2026-10-01T06:00:00Z 2026-09-01 to 2026-10-01 after 2026-08-01",
                "2026-11-01T07:00:00Z 2026-10-01 to 2026-11-01 after 2026-09-01");
        assertThat(events).containsOnly("UsageReportSent").hasSize(3);
        assertThat(requireNonNull(status().nextReport()).time()).isEqualTo("2026-12-01T07:00:00Z");
    }

    @Test
    void theTimersTimesAreEnough() {
        Instant now = Instant.parse("2026-08-20T12:00:00Z");
        edit("0 0 8 1 * ?", "0 0 0 ? * MON");
        for (int i = 0; i < 20; i++) {
            now = at(now).lookAgain().orElseThrow();
        }
        assertThat(mails).startsWith("2026-08-23T22:05:00Z 2026-08-17 to 2026-08-24 after 2026-08-10",
                "2026-08-30T22:05:00Z 2026-08-24 to 2026-08-31 after 2026-08-17").hasSizeGreaterThan(8);
    }

    @ParameterizedTest(name = "{0} in {1} at {2}")
    @CsvSource(delimiter = '|', textBlock = """
            0 0 8 1 * ?        | Europe/Berlin | 2026-03-15T00:00:00Z | 2026-04-01T06:00:00Z | 2026-03-01 | 2026-04-01 | 2026-02-01
            0 30 2 * * ?       | Europe/Berlin | 2026-03-29T12:00:00Z | 2026-03-30T00:30:00Z | 2026-03-28 | 2026-03-30 | 2026-03-27
            0 0 8 L * ?        | UTC           | 2026-02-10T00:00:00Z | 2026-02-28T08:00:00Z | 2026-01-31 | 2026-02-28 | 2025-12-31
            0 0 8 1 1/3 ?      | UTC           | 2026-02-10T00:00:00Z | 2026-04-01T08:00:00Z | 2026-01-01 | 2026-04-01 | 2025-10-01
            0 0 8 1 1 ?        | UTC           | 2026-02-10T00:00:00Z | 2027-01-01T08:00:00Z | 2026-01-01 | 2027-01-01 | 2025-01-01
            0 0 8 29 2 ?       | UTC           | 2026-02-10T00:00:00Z | 2028-02-29T08:00:00Z | 2024-02-29 | 2028-02-29 | 2020-02-29
            0 0 8 1 6 ? 2027   | UTC           | 2026-02-10T00:00:00Z | 2027-06-01T08:00:00Z | 2027-05-01 | 2027-06-01 | 2027-03-31
            """)
    void aReportIsAboutTheDaysSinceTheOneBefore(String cron, String zone, String now, String next, String from,
            String to, String before) throws Exception {
        UsageSchedule schedule = new UsageSchedule(cron, ZoneId.of(zone));
        Instant time = schedule.next(Instant.parse(now)).orElseThrow();

        assertThat(time).isEqualTo(Instant.parse(next));
        UsagePeriod period = schedule.period(time);
        assertThat(List.of(period.from().toString(), period.to().toString(), period.before().toString()))
                .containsExactly(from, to, before);
    }

    @ParameterizedTest(name = "the operator comes back at {0}")
    @CsvSource(delimiter = '|', textBlock = """
            2026-09-08T06:00:00Z | 2026-08-01 | Sent   | UsageReportSent
            2026-09-08T06:00:01Z | 2026-08-01 | Missed | UsageReportMissed
            2026-11-02T00:00:00Z | 2026-10-01 | Sent   | UsageReportMissed UsageReportSent
            2026-11-20T00:00:00Z | 2026-10-01 | Missed | UsageReportMissed UsageReportMissed
            """)
    void whatWasMissedIsSentOnceForAWeekAndOlderOnesAreNamed(String back, String from, String state,
            String reasons) {
        at("2026-08-20T12:00:00Z");
        at(back);
        at(Instant.parse(back).plusSeconds(1));

        assertThat(last().from() + " " + last().state()).isEqualTo(from + " " + state);
        assertThat(String.join(" ", events)).isEqualTo(reasons);
        assertThat(mails).hasSize(state.equals("Sent") ? 1 : 0);
    }

    @Test
    void whatIsRefusedIsTriedAgainWithTheSameKeyUntilAWeekHasPassed() {
        at("2026-08-20T12:00:00Z");
        accepted = false;
        Instant now = at("2026-09-01T06:00:00Z").lookAgain().orElseThrow();
        String key = last().idempotencyKey();
        assertThat(last().failures()).isEqualTo(1);
        assertThat(events).endsWith("UsageReportFailed");
        while (last().state() != ReportState.Missed) {
            now = at(now).lookAgain().orElseThrow();
            if (last().state() == ReportState.Failed) {
                assertThat(last().idempotencyKey()).isEqualTo(key);
            }
        }
        assertThat(now).isAfter(Instant.parse("2026-09-08T06:00:00Z"));
        assertThat(mails).hasSizeBetween(10, 2000);
    }

    @Test
    void oneThatWasWrittenDownAndNotSentIsSentByTheNextOperatorWithTheSameKey() {
        at("2026-08-20T12:00:00Z");
        String first = plan(Instant.parse("2026-09-01T06:00:00Z"), UsageReportNews.none()).order()
                .orElseThrow()
                .idempotencyKey();
        UsageReportOrder again = plan(Instant.parse("2026-09-01T06:00:05Z"), UsageReportNews.none()).order()
                .orElseThrow();
        assertThat(again.idempotencyKey()).isEqualTo(first);
        assertThat(again.messageId()).isEqualTo("<" + first + "@acme.example>");
    }

    @Test
    @Tag("promises")
    void whatFailedIsSentTheMomentThatMailWorksAgain() {
        at("2026-08-20T12:00:00Z");
        accepted = false;
        Instant now = Instant.parse("2026-09-01T06:00:00Z");
        for (int attempt = 0; attempt < 8; attempt++) {
            now = at(now).lookAgain().orElseThrow();
        }
        mails.clear();
        ready = "False";
        at("2026-09-01T12:00:00Z");
        accepted = true;
        ready = "True";
        at("2026-09-01T12:00:01Z");
        assertThat(mails).hasSize(1);
        assertThat(last().state()).isEqualTo(ReportState.Sent);
    }

    @Test
    void itWaitsForTheMailToWorkAndSaysSo() {
        at("2026-08-20T12:00:00Z");
        ready = "False";
        at("2026-09-01T06:00:00Z");
        assertThat(status().waiting()).contains("organization \"acme\" cannot send: MailWorks: mail works");
        ready = "True";
        at("2026-09-01T09:00:00Z");
        assertThat(mails).hasSize(1);
        assertThat(status().waiting()).isNull();
    }

    @Test
    void anotherScheduleBeginsAnewAndAnInvalidOneLosesNothing() {
        at("2026-08-20T12:00:00Z");
        edit("0 0 8 1 * ?", "0 0 8 15 * ?");
        at("2026-08-21T12:00:00Z");
        assertThat(status().since()).isEqualTo("2026-08-21T12:00:00Z");
        edit("0 0 8 1 * ?", "0 0 8 15 13 ?");
        at("2026-09-15T12:00:00Z");
        assertThat(mails).isEmpty();
        assertThat(status().waiting()).isEqualTo("spec.usageReport is not valid");
        edit("0 0 8 1 * ?", "0 0 8 15 * ?");
        at("2026-09-16T12:00:00Z");
        assertThat(mails).containsExactly("2026-09-16T12:00:00Z 2026-08-15 to 2026-09-15 after 2026-07-15");
    }

    @Test
    void nothingIsSentWhereTheSwitchIsOff() {
        edit("{usageReport: true}", "{passwordRecovery: true}");
        assertThat(at("2026-09-01T06:00:00Z").status()).isEmpty();
        assertThat(at("2026-10-01T06:00:00Z").order()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0 0 8 1 * ?       | x/Y | is no time zone
            0 0 * * * ?       | UTC | at most once a day
            0 0/5 8 * * ?     | UTC | at most once a day
            0 0,30 8 * * ?    | UTC | at most once a day
            0 0 8 30 2 ?      | UTC | never comes again
            0 0 8 1 1 ? 2020  | UTC | never comes again
            0 0 24 1 * ?      | UTC | is no Quartz cron expression
            0 0 8 1 * *       | UTC | is no Quartz cron expression
            0 0 8 1 13 ?      | UTC | is no Quartz cron expression
            0 0 8             | UTC | is no Quartz cron expression
            0 0 8 FOO * ?     | UTC | is no Quartz cron expression
            """)
    void mistakesAreNamedWithFieldAndRule(String schedule, String zone, String message) {
        edit("0 0 8 1 * ?\", timeZone: Europe/Berlin", schedule + "\", timeZone: " + zone);
        List<Problem> problems = new ArrayList<>();
        UsageReports.declared(organization.getSpec(), Instant.parse("2026-09-01T06:00:00Z"), problems);
        assertThat(problems).singleElement()
                .satisfies(problem -> assertThat(problem.field() + ": " + problem.message())
                        .startsWith("spec.usageReport.")
                        .contains(message));
    }
}
