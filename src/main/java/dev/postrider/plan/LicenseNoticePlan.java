package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.api.LicenseExpiryNoticeStatus.NextNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.SentNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.Settings;
import dev.postrider.api.LicenseExpiryNoticeStatus.State;
import dev.postrider.api.Observations;
import dev.postrider.api.Reason;
import dev.postrider.api.TestSendStatus;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a LicenseExpiryNotice comes to.
 *
 * @param orders    notices to be sent now, after the status that tells of them was written
 * @param status    the status to write, if it differs
 * @param lookAgain when to plan again though nothing has changed
 * @param notices   what is worth an Event
 */
public record LicenseNoticePlan(List<NoticeOrder> orders, LicenseExpiryNoticeStatus status,
        Optional<Instant> lookAgain, List<Notice> notices) implements Plan {

    /** Never: nothing holds a license. */
    @Override
    public boolean release() {
        return false;
    }

    /** Plans for one license. */
    public static LicenseNoticePlan of(LicenseExpiryNotice resource, World world, NoticeNews news) {
        return new Planning(resource, world, news).plan();
    }

    /** What is wrong with a resource and what it names, each problem apart. */
    public static List<Problem> problems(LicenseExpiryNotice resource, World world) {
        List<Problem> problems = new ArrayList<>();
        DeclaredNotice.read(resource, world, problems);
        DeclaredNotice.organization(resource.getMetadata().getNamespace(), resource.getSpec().organizationRef().name(),
                world).ifPresent(problems::add);
        return List.copyOf(problems);
    }

    /** One run of the plan, with what its steps share. */
    private static final class Planning {
        private final LicenseExpiryNotice resource;
        private final World world;
        private final NoticeNews news;
        private final @Nullable LicenseExpiryNoticeStatus before;
        private final Conditions conditions;
        private final List<Problem> problems = new ArrayList<>();
        private final List<Notice> events = new ArrayList<>();
        private final List<Instant> wakes = new ArrayList<>();
        private final SentNotices sent;

        Planning(LicenseExpiryNotice resource, World world, NoticeNews news) {
            this.resource = resource;
            this.world = world;
            this.news = news;
            this.before = resource.getStatus();
            this.conditions = new Conditions(Observations.ofLicenseNotice(),
                    before == null ? null : before.conditions(), world.now(),
                    Objects.requireNonNullElse(resource.getMetadata().getGeneration(), 0L));
            this.sent = new SentNotices(before == null ? null : before.sent());
        }

        LicenseNoticePlan plan() {
            news.finished().stream().filter(f -> !f.order().id().test()).forEach(f -> events.add(sent.record(f)));
            problems.addAll(
                    NamespaceBounds.passed(world, resource, "LicenseExpiryNotices", "licenseExpiryNotices"));
            Optional<Settings> settings = problems.isEmpty() ? settings() : Optional.empty();
            if (settings.isEmpty()) {
                ready(Status.False, problems.getFirst().reason(), Problem.describe(problems));
                stalled();
                return new LicenseNoticePlan(List.of(), new LicenseExpiryNoticeStatus(
                        resource.getMetadata().getGeneration(), conditions.list(), null, null, null, sent.list(), null,
                        noticeTests(Optional.empty()).status()), Optional.empty(), List.copyOf(events));
            }
            return plan(settings.get());
        }

        /** The declared settings or, while those are invalid, the last valid ones: an edit must not lose a notice. */
        private Optional<Settings> settings() {
            Optional<Settings> declared = DeclaredNotice.read(resource, world, problems);
            Optional<Settings> last = Optional.ofNullable(before)
                    .flatMap(status -> Optional.ofNullable(status.settings()))
                    .filter(settings -> DeclaredNotice.isZone(settings.timeZone()));
            Optional<Problem> noOrganization = missing(resource.getSpec().organizationRef().name());
            noOrganization.ifPresent(problems::add);
            if (problems.isEmpty() || declared.isPresent()
                    && last.filter(settings -> missing(settings.organization()).isEmpty()).isEmpty()) {
                return declared;
            }
            return last;
        }

        private Optional<Problem> missing(String organization) {
            return DeclaredNotice.organization(resource.getMetadata().getNamespace(), organization, world);
        }

        private LicenseNoticePlan plan(Settings settings) {
            NoticeSchedule schedule = schedule(settings);
            NoticeSender sender = NoticeSender.of(resource, settings, world);
            List<NoticeOrder> orders = new ArrayList<>();
            List<Turn> turns = Stream.of(ExpiryNotice.values()).map(n -> turn(n, schedule, sender)).toList();
            for (Turn turn : turns) {
                if (turn.step == Step.ORDER) {
                    NoticeOrder order = sender.order(turn.notice, schedule, world.now(),
                            sent.find(turn.notice, schedule.expiry()));
                    sent.intend(order, world.now());
                    orders.add(order);
                }
            }
            Optional<Turn> open = turns.stream().filter(t -> t.step.open).findFirst();
            Optional<NextNotice> next = open
                    .map(t -> new NextNotice(t.notice.text(), schedule.time(t.notice).toString()));
            int daysLeft = Math.max(0, schedule.daysLeft(world.now()));
            if (daysLeft > 0) {
                wakes.add(schedule.nextDay(world.now()));
            }
            tell(settings, schedule, turns, next, daysLeft);
            ready(settings, schedule, turns, sender, daysLeft);
            NoticeTests.Result tests = noticeTests(Optional.of(sender));
            orders.addAll(tests.orders());
            LicenseExpiryNoticeStatus status = new LicenseExpiryNoticeStatus(resource.getMetadata().getGeneration(),
                    conditions.list(), settings.expiryDate(), daysLeft, next.orElse(null), sent.list(), settings,
                    tests.status());
            return new LicenseNoticePlan(List.copyOf(orders), status, wakes.stream().min(Instant::compareTo),
                    List.copyOf(events));
        }

        private NoticeSchedule schedule(Settings settings) {
            String created = resource.getMetadata().getCreationTimestamp();
            return new NoticeSchedule(LocalDate.parse(settings.expiryDate()), settings.daysBefore(),
                    ZoneId.of(settings.timeZone()), LocalTime.parse(settings.sendAt()),
                    created == null ? world.now() : Instant.parse(created), settings.notifyIfAlreadyExpired());
        }

        /** What is done about a notice now. */
        private enum Step {
            DONE(false), NEVER(false), MISSED(false), TO_COME(true), RUNNING(true), BLOCKED(true), FAILED(true), ORDER(
                    true);

            private final boolean open;

            Step(boolean open) {
                this.open = open;
            }
        }

        private record Turn(ExpiryNotice notice, Step step) {}

        private Turn turn(ExpiryNotice notice, NoticeSchedule schedule, NoticeSender sender) {
            return new Turn(notice, step(notice, schedule, sender));
        }

        private Step step(ExpiryNotice notice, NoticeSchedule schedule, NoticeSender sender) {
            Optional<SentNotice> record = sent.find(notice, schedule.expiry());
            if (record.filter(r -> r.state() == State.Sent).isPresent()) {
                return Step.DONE;
            }
            if (news.running().contains(new NoticeOrder.Id(notice, schedule.expiry(), false))) {
                return Step.RUNNING;
            }
            return switch (schedule.turn(notice, world.now())) {
                case NEVER -> Step.NEVER;
                case MISSED -> Step.MISSED;
                case TO_COME -> {
                    wakes.add(schedule.time(notice));
                    yield Step.TO_COME;
                }
                case DUE -> {
                    wakes.add(schedule.latest(notice).plusMillis(1));
                    if (sender.blocked().isPresent()) {
                        record.ifPresent(sent::waitNoLonger);
                        yield Step.BLOCKED;
                    }
                    Optional<Instant> retry = record.filter(r -> r.state() == State.Failed)
                            .filter(r -> !sender.worksSince(Instant.parse(r.time())))
                            .flatMap(r -> Optional.ofNullable(r.nextAttemptTime()))
                            .map(Instant::parse)
                            .filter(time -> time.isAfter(world.now()));
                    retry.ifPresent(wakes::add);
                    yield retry.isPresent() ? Step.FAILED : Step.ORDER;
                }
            };
        }

        /** The Events of what has become of the license. */
        private void tell(Settings settings, NoticeSchedule schedule, List<Turn> turns, Optional<NextNotice> next,
                int daysLeft) {
            boolean sameDate = before != null && settings.expiryDate().equals(before.expiryDate());
            boolean toCome = turns.stream()
                    .filter(t -> t.step.open)
                    .findFirst()
                    .filter(t -> t.step == Step.TO_COME)
                    .isPresent();
            if (toCome && next.isPresent() && (before == null || !next.get().equals(before.nextNotice()))) {
                events.add(
                        Notice.normal(Reason.NoticeScheduled, "the notice %s of license \"%s\" is sent at %s".formatted(
                                next.get().notice(), settings.license(), next.get().time())));
            }
            boolean wasToCome = before != null && before.nextNotice() != null
                    && before.nextNotice().notice().equals(ExpiryNotice.BEFORE.text());
            if (sameDate && wasToCome && turns.getFirst().step == Step.MISSED) {
                events.add(Notice.warning(Reason.NoticeMissed, missed(ExpiryNotice.BEFORE, settings)));
            }
            boolean wasValid = before == null || before.daysLeft() == null || before.daysLeft() > 0 || !sameDate;
            if (daysLeft == 0 && wasValid) {
                events.add(Notice.warning(Reason.LicenseExpired,
                        "license \"%s\" expired on %s".formatted(settings.license(), schedule.expiry())));
            }
        }

        private static String missed(ExpiryNotice notice, Settings settings) {
            return "the notice %s of license \"%s\" was not sent, for nothing could be sent until %s".formatted(
                    notice.text(), settings.license(), notice == ExpiryNotice.BEFORE
                            ? "its last day had come, on which the other notice is sent"
                            : NoticeSchedule.LATE_DAYS + " days after it expired on " + settings.expiryDate());
        }

        private void ready(Settings settings, NoticeSchedule schedule, List<Turn> turns, NoticeSender sender,
                int daysLeft) {
            Optional<Turn> open = turns.stream().filter(t -> t.step.open).findFirst();
            boolean due = turns.stream().anyMatch(t -> t.step == Step.BLOCKED);
            Optional<Problem> blocked = turns.stream().anyMatch(t -> t.step == Step.FAILED)
                    ? Optional.of(sent.failure(schedule.expiry()))
                    : open.isPresent() ? sender.blocked().filter(_ -> due || !sender.undecided()) : Optional.empty();
            blocked.ifPresent(b -> conditions.set(ConditionType.Blocked, Status.True, b.reason(), b.message()));
            if (!problems.isEmpty()) {
                String last = open.isEmpty() || problems.stream().allMatch(Planning::isMissingOrganization)
                        && missing(settings.organization()).isPresent()
                                ? ""
                                : ". Until then the last valid settings count, of the expiry date "
                                        + settings.expiryDate();
                ready(Status.False, problems.getFirst().reason(), Problem.describe(problems) + last);
                stalled();
            } else if (blocked.isPresent()) {
                ready(Status.False, blocked.get().reason(), blocked.get().message());
            } else if (open.isPresent()) {
                boolean waits = open.get().step == Step.TO_COME;
                String what = waits ? "is sent at " + schedule.time(open.get().notice) : "is being sent";
                ready(Status.True, waits ? Reason.Scheduled : Reason.Sending,
                        "%s, the expiry day counted; the notice %s %s"
                                .formatted(daysLeft == 1 ? "1 day is left" : daysLeft + " days are left",
                                        open.get().notice.text(), what));
            } else {
                closed(settings, turns.getLast().step, daysLeft);
            }
        }

        /** Nothing is left to be sent. */
        private void closed(Settings settings, Step last, int daysLeft) {
            switch (last) {
                case NEVER -> ready(Status.True, Reason.AlreadyExpired,
                        ("the license had expired on %s, before this resource was created, so that no notice is sent; "
                                + "spec.notifyIfAlreadyExpired: true sends the one of the expiry all the same")
                                .formatted(settings.expiryDate()));
                case MISSED -> {
                    String message = missed(ExpiryNotice.ON_EXPIRY, settings) + "; a new expiry date starts anew";
                    conditions.stalled(ready(Status.False, Reason.NoticeMissed, message),
                            Stream.of(Reason.NoticeMissed));
                }
                default -> ready(Status.True, Reason.Completed,
                        "the license %s on %s, and its notices were sent; a new expiry "
                                .formatted(daysLeft > 0 ? "expires" : "expired", settings.expiryDate())
                                + "date starts anew");
            }
        }

        private Condition ready(Status status, Reason reason, String message) {
            Condition ready = conditions.set(ConditionType.Ready, status, reason, message);
            if (status == Status.False && conditions.isNews(ready)) {
                events.add(Notice.warning(reason, message));
            }
            return ready;
        }

        private static boolean isMissingOrganization(Problem problem) {
            return problem.reason() == Reason.OrganizationNotFound;
        }

        private void stalled() {
            problems.stream()
                    .filter(p -> p.reason().needsPerson())
                    .findFirst()
                    .ifPresent(
                            p -> conditions.set(ConditionType.Stalled, Status.True, p.reason(),
                                    Problem.describe(problems)));
        }

        private NoticeTests.Result noticeTests(Optional<NoticeSender> sender) {
            @Nullable
            TestSendStatus last = before == null ? null : before.testSend();
            NoticeTests.Result result = NoticeTests.of(resource, last, news, sender, problems, world);
            result.waits().ifPresent(wakes::add);
            events.addAll(result.events());
            return result;
        }
    }
}
