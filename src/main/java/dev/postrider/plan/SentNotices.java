package dev.postrider.plan;

import dev.postrider.api.LicenseExpiryNoticeStatus.SentNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.State;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What stands in {@code status.sent}: a notice is written there before it is sent, and what became of it after. */
final class SentNotices {
    /** Ten renewals of a license. */
    private static final int KEPT = 20;

    private final List<SentNotice> records;

    SentNotices(@Nullable List<SentNotice> before) {
        records = new ArrayList<>(before == null ? List.of() : before);
    }

    Optional<SentNotice> find(ExpiryNotice notice, LocalDate expiry) {
        return records.stream()
                .filter(r -> r.notice().equals(notice.text()) && r.expiryDate().equals(expiry.toString()))
                .findFirst();
    }

    /** Notes that it is about to be sent. */
    void intend(NoticeOrder order, Instant now) {
        Integer failures = find(order.id().notice(), order.id().expiryDate()).map(SentNotice::failures).orElse(null);
        put(new SentNotice(order.id().notice().text(), order.id().expiryDate().toString(), State.Sending,
                TestRecord.seconds(now), order.recipients(), order.messageId(), order.idempotencyKey(), null, null,
                failures, null));
    }

    /** One that failed is sent as soon as anything can be sent again, however often it was tried before. */
    void waitNoLonger(SentNotice record) {
        if (record.state() == State.Failed && record.nextAttemptTime() != null) {
            put(new SentNotice(record.notice(), record.expiryDate(), record.state(), record.time(),
                    record.recipients(), record.messageId(), record.idempotencyKey(), record.reply(),
                    record.failure(), null, null));
        }
    }

    /** Notes what became of it, and answers what to tell of that. */
    Notice record(NoticeNews.Finished finished) {
        NoticeOrder order = finished.order();
        SubmissionResult result = finished.result();
        String name = order.id().notice().text();
        String license = order.settings().license();
        if (result.accepted()) {
            put(record(order, State.Sent, result, null, null));
            String to = "the notice %s of license \"%s\" was sent to %s".formatted(name, license,
                    Names.some(order.recipients()));
            return result.failure()
                    .map(f -> Notice.warning(Reason.NoticeSent, to + "; but: " + f))
                    .orElseGet(
                            () -> Notice.normal(Reason.NoticeSent, to));
        }
        int failures = 1 + find(order.id().notice(), order.id().expiryDate())
                .map(r -> Objects.requireNonNullElse(r.failures(), 0))
                .orElse(0);
        Instant next = result.time().plus(OwnMail.retryAfter(failures));
        put(record(order, State.Failed, result, failures, TestRecord.seconds(next)));
        return Notice.warning(Reason.NoticeFailed,
                "the notice %s of license \"%s\" could not be sent and is tried again: %s"
                        .formatted(name, license, result.failure().orElse("")));
    }

    private static SentNotice record(NoticeOrder order, State state, SubmissionResult result,
            @Nullable Integer failures,
            @Nullable String next) {
        return new SentNotice(order.id().notice().text(), order.id().expiryDate().toString(), state,
                TestRecord.seconds(result.time()), order.recipients(), order.messageId(), order.idempotencyKey(),
                result.reply().orElse(null), result.failure().orElse(null), failures, next);
    }

    private void put(SentNotice record) {
        records.removeIf(r -> r.notice().equals(record.notice()) && r.expiryDate().equals(record.expiryDate()));
        records.add(record);
    }

    /** Why the last attempt at a notice about this date failed. */
    Problem failure(LocalDate expiry) {
        String failure = records.stream()
                .filter(r -> r.expiryDate().equals(expiry.toString()) && r.state() == State.Failed)
                .map(SentNotice::failure)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse("");
        return new Problem(Area.SPEC, Reason.SubmissionFailed, "",
                "the relay did not take the notice, it is tried again: "
                        + failure);
    }

    @Nullable
    List<SentNotice> list() {
        return records.isEmpty()
                ? null
                : List.copyOf(records.subList(Math.max(0, records.size() - KEPT), records.size()));
    }
}
