package dev.postrider.plan;

import dev.postrider.api.Reason;
import dev.postrider.api.TestSendStatus;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes the result of a test into a status, and reads from there when the next is due. */
final class TestRecord {
    /** After how long a failed test is made again at first; doubled each time. */
    private static final Duration FIRST_RETRY = Duration.ofMinutes(1);
    private static final Duration LAST_RETRY = Duration.ofHours(1);
    private static final Set<String> STEPS = Arrays.stream(TestResult.Step.values())
            .map(TestResult.Step::name)
            .collect(Collectors.toUnmodifiableSet());

    private TestRecord() {}

    static TestSendStatus of(TestOrder order, TestResult result, @Nullable TestSendStatus before) {
        Optional<TestResult.Failure> failure = result.failure();
        Integer failures = null;
        String next = null;
        if (failure.isPresent()) {
            failures = 1 + failuresBefore(order, before);
            next = seconds(result.time().plus(retryAfter(failures)));
        }
        return new TestSendStatus(seconds(result.time()), result.accepted(), order.mail().recipient(), result.server(),
                result.reply().orElse(null), Durations.write(result.duration()),
                result.tls().map(TestResult.Tls::protocol).orElse(null),
                result.tls().map(TestResult.Tls::cipher).orElse(null), inTheClear(order, result),
                failure.map(f -> f.step().name()).orElse(null),
                failure.map(TestResult.Failure::message).orElse(null), failures, next, order.request().orElse(null),
                order.fingerprint());
    }

    /** True, or nothing: a failed test may have come to its end before there was anything to encrypt. */
    private static @Nullable Boolean inTheClear(TestOrder order, TestResult result) {
        return result.accepted() && result.tls().isEmpty()
                && order.mail().server().endpoint() instanceof Endpoint.Smtp ? Boolean.TRUE : null;
    }

    private static int failuresBefore(TestOrder order, @Nullable TestSendStatus before) {
        return before == null || before.failures() == null || !order.fingerprint().equals(before.fingerprint())
                ? 0
                : before.failures();
    }

    /** What a test's end is as an Event: the server's reply, or what failed with the dialogue up to there. */
    static Notice notice(String prefix, TestOrder order, TestResult result) {
        return result.failure()
                .map(f -> Notice.warning(Reason.TestSendFailed, prefix + f.message(), f.dialogue()))
                .orElseGet(() -> order.mail().isSent()
                        ? Notice.normal(Reason.TestSendSucceeded,
                                prefix + "Email server accepted mail for delivery: " + result.reply().orElse(""))
                        : Notice.normal(Reason.ServerReached,
                                prefix + "reached, and offers a login; no mail was sent, since only those who submit "
                                        + "can log in: " + result.reply().orElse("")));
    }

    /** How long to wait after so many failures in a row, at least one. */
    static Duration retryAfter(int failures) {
        // Seven doublings of a minute are more than an hour.
        Duration wait = FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 7));
        return wait.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : wait;
    }

    /** When a failed test is due again. */
    static Optional<Instant> nextAttempt(@Nullable TestSendStatus status) {
        return status == null || status.nextAttemptTime() == null
                ? Optional.empty()
                : Optional.of(Instant.parse(status.nextAttemptTime()));
    }

    /** The step at which a recorded test failed, or Failed where another version knew more steps; empty where it did not. */
    static Optional<Reason> failedStep(TestSendStatus status) {
        return Optional.ofNullable(status.failedStep())
                .map(step -> Reason.of(step).filter(_ -> STEPS.contains(step)).orElse(Reason.Failed));
    }

    static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
