package dev.postrider.plan;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.Reason;
import dev.postrider.api.TestSendStatus;
import dev.postrider.route.Durations;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tests of notices that the annotation {@code postrider.dev/test-send} asks for: both mails, which count for nothing. */
final class NoticeTests {
    private NoticeTests() {}

    /**
     * What comes of a request.
     *
     * @param orders test mails to be sent now
     * @param status of the last test
     * @param events what to tell
     * @param waits  until when a test waits that was asked for
     */
    record Result(List<NoticeOrder> orders, @Nullable TestSendStatus status, List<Notice> events,
            Optional<Instant> waits) {
        Result(List<NoticeOrder> orders, @Nullable TestSendStatus status, List<Notice> events) {
            this(orders, status, events, Optional.empty());
        }
    }

    static Result of(LicenseExpiryNotice resource, @Nullable TestSendStatus last, NoticeNews news,
            Optional<NoticeSender> sender, List<Problem> problems, World world) {
        Optional<String> request = TestRequest.of(resource).filter(r -> last == null || !r.equals(last.request()));
        if (request.isEmpty()) {
            return new Result(List.of(), last, List.of());
        }
        Optional<String> blocked = sender.isEmpty()
                ? Optional.of(Problem.describe(problems))
                : sender.get().blocked().map(Problem::message);
        List<NoticeNews.Finished> ended = news.finished()
                .stream()
                .filter(f -> f.order().testRequest().equals(request))
                .toList();
        if (ended.size() == ExpiryNotice.values().length) {
            return ended(request.get(), ended);
        }
        if (news.running().stream().anyMatch(NoticeOrder.Id::test)) {
            return new Result(List.of(), last, List.of());
        }
        if (blocked.isPresent()) {
            String failure = "no test was sent: " + blocked.get();
            return new Result(List.of(),
                    new TestSendStatus(TestRecord.seconds(world.now()), false,
                            TestRequest.recipient(request.get()).orElse(request.get()), "relay", null,
                            null, null, null, null, null, failure, null, null, request.get(), null),
                    List.of(Notice.warning(Reason.TestSendFailed, failure)));
        }
        Optional<Instant> waits = ended.isEmpty() ? waits(resource, last, world) : Optional.empty();
        if (waits.isPresent()) {
            return new Result(List.of(), last, List.of(), waits);
        }
        return new Result(Stream.of(ExpiryNotice.values())
                .filter(notice -> ended.stream().noneMatch(f -> f.order().id().notice() == notice))
                .map(notice -> sender.orElseThrow().test(notice, request.get()))
                .toList(), last, List.of());
    }

    /** Both mails together are one test: of a resource one in ten seconds, and of its namespace as many as of others. */
    private static Optional<Instant> waits(LicenseExpiryNotice resource, @Nullable TestSendStatus last, World world) {
        Instant free = last == null ? world.now() : Instant.parse(last.time()).plus(TestRate.EACH);
        Instant turn = free.isAfter(world.now())
                ? free
                : world.testTurn(resource, new ResourceKey(resource.getMetadata().getNamespace(),
                        resource.getMetadata().getName())).time();
        return Optional.of(turn).filter(then -> then.isAfter(world.now()));
    }

    private static Result ended(String request, List<NoticeNews.Finished> ended) {
        NoticeNews.Finished worst = ended.stream()
                .filter(f -> !f.result().accepted() || f.result().failure().isPresent())
                .findFirst()
                .orElse(ended.getLast());
        SubmissionResult result = worst.result();
        String recipients = String.join(", ", worst.order().recipients());
        TestSendStatus status = new TestSendStatus(TestRecord.seconds(result.time()), result.accepted(), recipients,
                result.server(), result.reply().orElse(null), Durations.write(result.duration()), null, null, null,
                null,
                result.failure().orElse(null), null, null, request, null);
        return new Result(List.of(), status, List.of(result.failure()
                .map(f -> Notice.warning(Reason.TestSendFailed, "the test of the notices: " + f))
                .orElseGet(
                        () -> Notice.normal(Reason.TestSendSucceeded,
                                "both notices were sent as tests to " + recipients))));
    }
}
