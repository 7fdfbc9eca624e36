package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.UsageReport;
import dev.postrider.api.OrganizationMailSettingsStatus.LastReport;
import dev.postrider.api.OrganizationMailSettingsStatus.NextReport;
import dev.postrider.api.OrganizationMailSettingsStatus.ReportState;
import dev.postrider.api.OrganizationMailSettingsStatus.UsageReportStatus;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The usage reports of an organization: which is due, and what has become of it. One that could not be sent in time is
 * sent once it can be, for a week.
 */
final class UsageReports {
    /** For so long a report is news. */
    static final Duration LATE = Duration.ofDays(7);

    private static final String DEFAULT_SCHEDULE = "0 0 8 1 * ?";

    private final OrganizationMailSettings organization;
    private final Identities identity;
    private final Optional<Declared> declared;
    private final Condition available;
    private final Instant now;
    private final UsageReportNews news;
    private final @Nullable UsageReportStatus before;
    private final List<Notice> notices = new ArrayList<>();

    /**
     * What the reports come to.
     *
     * @param order     a report to be sent now
     * @param status    empty where reports are off
     * @param lookAgain when something may be due
     */
    record Result(Optional<UsageReportOrder> order, Optional<UsageReportStatus> status, Optional<Instant> lookAgain,
            List<Notice> notices) {}

    /** What is declared, once it was found valid. */
    record Declared(String expression, UsageSchedule schedule, ZoneId zone, String language) {
        /** In which days are counted; UTC if it is empty. */
        Optional<ZoneId> countedIn() {
            return Optional.of(zone).filter(declared -> !declared.getId().equals("UTC"));
        }
    }

    UsageReports(OrganizationMailSettings organization, Identities identity, Optional<Declared> declared,
            Condition available, Instant now,
            UsageReportNews news) {
        this.organization = organization;
        this.identity = identity;
        this.declared = declared;
        this.available = available;
        this.now = now;
        this.news = news;
        this.before = organization.getStatus() == null ? null : organization.getStatus().usageReport();
    }

    /**
     * Reads them, if there is anything of them in the spec; what is wrong is recorded, and then they are empty as well.
     */
    static Optional<Declared> declared(OrganizationMailSettingsSpec spec, Instant now, List<Problem> problems) {
        if (spec.usageReport() == null && !Capability.USAGE_REPORT.isSwitchedOn(spec.capabilities())) {
            return Optional.empty();
        }
        UsageReport report = spec.usageReport() == null
                ? new UsageReport(null, null, null, null)
                : spec.usageReport();
        int there = problems.size();
        String zone = Objects.requireNonNullElse(report.timeZone(), "UTC");
        if (!DeclaredNotice.isZone(zone)) {
            invalid("timeZone", "\"" + zone
                    + "\" is no time zone; write a name of the IANA time zone database, as Europe/Berlin, or UTC",
                    problems);
        }
        String language = Objects.requireNonNullElse(report.language(), "en");
        if (!LanguageTags.isLanguage(language)) {
            invalid("language", "\"" + language + "\" is no language; write a BCP 47 tag, as en, de-AT or zh-Hant",
                    problems);
        }
        List<String> recipients = Objects.requireNonNullElse(report.recipients(), List.of());
        for (int i = 0; i < recipients.size(); i++) {
            MailAddress.check("spec.usageReport.recipients[" + i + "]", recipients.get(i), problems);
        }
        String expression = Objects.requireNonNullElse(report.schedule(), DEFAULT_SCHEDULE);
        Optional<UsageSchedule> schedule = schedule(expression,
                DeclaredNotice.isZone(zone) ? ZoneId.of(zone) : ZoneId.of("UTC"), now, problems);
        return problems.size() == there
                ? schedule.map(s -> new Declared(expression, s, ZoneId.of(zone), language))
                : Optional.empty();
    }

    private static Optional<UsageSchedule> schedule(String expression, ZoneId zone, Instant now,
            List<Problem> problems) {
        String[] parts = expression.split(" ", -1);
        boolean daily = Stream.of(parts).limit(3).allMatch(part -> part.matches("[0-9]{1,2}"));
        if (!daily) {
            invalid("schedule", "\"" + expression + "\" does not begin with one number each for second, minute and "
                    + "hour: a report is sent at most once a day, as by 0 0 8 1 * ?", problems);
            return Optional.empty();
        }
        try {
            UsageSchedule schedule = new UsageSchedule(expression, zone);
            if (schedule.next(now).isEmpty()) {
                invalid("schedule",
                        "\"" + expression + "\" never comes again; write as 0 0 8 1 * ? for eight o'clock on "
                                + "the first of each month",
                        problems);
                return Optional.empty();
            }
            return Optional.of(schedule);
        } catch (ParseException | IllegalArgumentException e) {
            invalid("schedule", "\"" + expression + "\" is no Quartz cron expression (" + e.getMessage()
                    + "); write second, minute, hour, day of the month, month and day of the week, as 0 0 8 1 * ?",
                    problems);
            return Optional.empty();
        }
    }

    private static void invalid(String field, String message, List<Problem> problems) {
        problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, "spec.usageReport." + field, message));
    }

    Result plan() {
        if (!Capability.USAGE_REPORT.isSwitchedOn(organization.getSpec().capabilities())) {
            return new Result(Optional.empty(), Optional.empty(), Optional.empty(), List.of());
        }
        @Nullable
        LastReport last = before == null ? null : before.lastReport();
        for (UsageReportNews.Finished finished : news.finished()) {
            last = record(finished, last);
        }
        if (declared.isEmpty()) {
            // The last valid schedule is kept, so that what was due meanwhile is sent once this is mended.
            Optional<UsageReportStatus> kept = before == null
                    ? Optional.empty()
                    : Optional
                            .of(new UsageReportStatus(before.since(), before.schedule(), before.timeZone(), null, last,
                                    "spec.usageReport is not valid"));
            return new Result(Optional.empty(), kept, Optional.empty(), List.copyOf(notices));
        }
        return plan(declared.get(), last);
    }

    private Result plan(Declared declared, @Nullable LastReport known) {
        boolean same = before != null && before.schedule().equals(declared.expression)
                && before.timeZone().equals(declared.zone.getId());
        String since = same && before != null ? before.since() : TestRecord.seconds(now);
        UsageSchedule schedule = declared.schedule;
        Optional<Instant> next = schedule.next(now);
        Optional<Instant> due = schedule.due(now).filter(time -> time.isAfter(Instant.parse(since)));
        Turn turn = due.map(time -> turn(time, declared, known, Instant.parse(since)))
                .orElse(new Turn(Optional.empty(), Optional.ofNullable(known), Optional.empty(), Optional.empty()));
        Optional<NextReport> nextReport = next.map(time -> {
            UsagePeriod period = schedule.period(time);
            return new NextReport(schedule.sentAt(time).toString(), period.from().toString(), period.to().toString());
        });
        // One whose time has come, and which waits for its last day to be counted.
        Optional<Instant> settling = schedule.next(now.minus(Duration.ofHours(1))).map(schedule::sentAt);
        Optional<Instant> wake = Stream.of(next.map(schedule::sentAt), settling, turn.lookAgain)
                .flatMap(Optional::stream)
                .filter(time -> time.isAfter(now))
                .min(Instant::compareTo);
        return new Result(turn.order, Optional.of(new UsageReportStatus(since, declared.expression,
                declared.zone.getId(), nextReport.orElse(null), turn.last.orElse(null), turn.waiting.orElse(null))),
                wake, List.copyOf(notices));
    }

    /** What is done about the report that is due. */
    private record Turn(Optional<UsageReportOrder> order, Optional<LastReport> last, Optional<Instant> lookAgain,
            Optional<String> waiting) {
        static Turn none(LastReport last) {
            return new Turn(Optional.empty(), Optional.of(last), Optional.empty(), Optional.empty());
        }
    }

    private Turn turn(Instant time, Declared declared, @Nullable LastReport known, Instant since) {
        UsagePeriod period = declared.schedule.period(time);
        Optional<LastReport> record = Optional.ofNullable(known)
                .filter(last -> last.from().equals(period.from().toString())
                        && last.to().equals(period.to().toString()));
        if (record.filter(r -> r.state() == ReportState.Sent || r.state() == ReportState.Missed).isPresent()) {
            return Turn.none(record.get());
        }
        if (record.isPresent() && news.running().contains(period)) {
            return Turn.none(record.get());
        }
        Instant latest = time.plus(LATE);
        if (now.isAfter(latest)) {
            tellMissed(time, since, known, declared.schedule);
            String message = "the usage report of %s to %s was not sent, for nothing could be sent for %d days"
                    .formatted(period.from(), period.to().minusDays(1), LATE.toDays());
            notices.add(Notice.warning(Reason.UsageReportMissed, message));
            return Turn.none(new LastReport(period.from().toString(), period.to().toString(), ReportState.Missed,
                    TestRecord.seconds(now), null, null, null, null, message, null, null));
        }
        List<String> recipients = recipients();
        Optional<Problem> blocked = OwnMail.blocked(organization, List.of(), recipients,
                "spec.usageReport.recipients", Optional.of(available));
        if (blocked.isPresent()) {
            return new Turn(Optional.empty(), Optional.ofNullable(known).map(UsageReports::waitingNoLonger),
                    Optional.of(latest.plusMillis(1)), blocked.map(Problem::message));
        }
        Optional<Instant> retry = record.filter(r -> r.state() == ReportState.Failed)
                .flatMap(r -> Optional.ofNullable(r.nextAttemptTime()))
                .map(Instant::parse)
                .filter(then -> then.isAfter(now));
        if (retry.isPresent()) {
            return new Turn(Optional.empty(), record, retry, Optional.empty());
        }
        if (record.isEmpty()) {
            tellMissed(time, since, known, declared.schedule);
        }
        UsageReportOrder order = order(period, declared, recipients, record);
        return new Turn(Optional.of(order), Optional.of(new LastReport(period.from().toString(),
                period.to().toString(), ReportState.Sending, TestRecord.seconds(now), recipients, order.messageId(),
                order.idempotencyKey(), null, null, record.map(LastReport::failures).orElse(null), null)),
                Optional.of(latest.plusMillis(1)), Optional.empty());
    }

    /** Names what was due between the last report and the one that is due now: nobody was there to send it. */
    private void tellMissed(Instant time, Instant since, @Nullable LastReport known, UsageSchedule schedule) {
        Instant after = known == null || known.time().compareTo(since.toString()) < 0
                ? since
                : Instant.parse(known.time());
        long missed = schedule.between(after, time);
        if (missed > 0) {
            notices.add(Notice.warning(Reason.UsageReportMissed, (missed == 1
                    ? "a usage report that was due between %s and %s was not sent"
                    : missed + " usage reports that were due between %s and %s were not sent")
                    .formatted(TestRecord.seconds(after), time)));
        }
    }

    /** One that failed is sent as soon as anything can be sent again, however often it was tried before. */
    private static LastReport waitingNoLonger(LastReport last) {
        return last.state() != ReportState.Failed
                ? last
                : new LastReport(last.from(), last.to(), last.state(), last.time(), last.recipients(),
                        last.messageId(), last.idempotencyKey(), last.reply(), last.failure(), null, null);
    }

    private List<String> recipients() {
        UsageReport report = organization.getSpec().usageReport();
        return Optional.ofNullable(report)
                .flatMap(r -> Optional.ofNullable(r.recipients()))
                .or(() -> Optional.ofNullable(organization.getSpec().administrators()))
                .orElse(List.of())
                .stream()
                .distinct()
                .toList();
    }

    private UsageReportOrder order(UsagePeriod period, Declared declared, List<String> recipients,
            Optional<LastReport> record) {
        String key = OwnMail.key("usage-report", organization, period.from() + "/" + period.to());
        return new UsageReportOrder(period, declared.zone, declared.language, OrganizationPlan.key(organization),
                identity.from().name().orElse(organization.getMetadata().getName()), identity.from(),
                identity.replyTo(), identity.envelopeFrom(), recipients,
                record.flatMap(r -> Optional.ofNullable(r.messageId()))
                        .orElseGet(() -> OwnMail.messageId(key, identity.from())),
                key);
    }

    private LastReport record(UsageReportNews.Finished finished, @Nullable LastReport known) {
        UsageReportOrder order = finished.order();
        SubmissionResult result = finished.result();
        String from = order.period().from().toString();
        String to = order.period().to().toString();
        String days = from + " to " + order.period().to().minusDays(1);
        if (result.accepted()) {
            String sent = "the usage report of %s was sent to %s".formatted(days, Names.some(order.recipients()));
            notices.add(result.failure()
                    .map(failure -> Notice.warning(Reason.UsageReportSent, sent + "; but: " + failure))
                    .orElseGet(() -> Notice.normal(Reason.UsageReportSent, sent)));
            return new LastReport(from, to, ReportState.Sent, TestRecord.seconds(result.time()), order.recipients(),
                    order.messageId(), order.idempotencyKey(), result.reply().orElse(null),
                    result.failure().orElse(null), null, null);
        }
        int failures = 1 + Optional.ofNullable(known)
                .filter(last -> last.to().equals(to))
                .flatMap(last -> Optional.ofNullable(last.failures()))
                .orElse(0);
        notices.add(Notice.warning(Reason.UsageReportFailed,
                "the usage report of %s could not be sent and is tried again: %s".formatted(days,
                        result.failure().orElse(""))));
        return new LastReport(from, to, ReportState.Failed, TestRecord.seconds(result.time()), order.recipients(),
                order.messageId(), order.idempotencyKey(), result.reply().orElse(null),
                result.failure().orElse(null), failures,
                TestRecord.seconds(result.time().plus(OwnMail.retryAfter(failures))));
    }
}
