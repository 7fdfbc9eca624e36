package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.relay.TestRoutes.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.message.DsnRequest;
import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.RecordingUpstreams.Taken;
import dev.postrider.relay.RecordingUpstreams;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.TestSettings;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage.NewRecipient;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.QueueLimits;
import dev.postrider.relay.queue.QueueView;
import dev.postrider.relay.queue.SqlQueue;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.LostReports;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult.Step;
import dev.postrider.transport.Verdict;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("relay")
final class DeliveryTest {
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir
    Path directory;

    private volatile Instant now = START;
    private final RecordingUpstreams upstreams = new RecordingUpstreams();
    private final Routes routes = new Routes();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private SqlQueue queue;
    private Delivery delivery;

    @BeforeEach
    void start() throws Exception {
        queue = SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, () -> now);
        routes.put(TestRoutes.relay());
        routes.put(server("mx", true, true, 2));
        routes.put(organization("orders", State.OPEN));
        routes.markComplete();
        delivery = delivery();
        delivery.start();
    }

    private Delivery delivery() {
        return delivery(queue);
    }

    private Delivery delivery(Queue some) {
        return new Delivery(some, routes, upstreams, TestSettings.delivery("{retryJitter: 0}"), () -> now,
                new RelayMeters(meters, 10, () -> now), Tracing.OFF);
    }

    @AfterEach
    void stop() {
        delivery.close();
        queue.close();
    }

    private void submit(String organization, String sender, String... recipients) throws IOException {
        try (Draft draft = queue.draft(key(organization))) {
            draft.content().write("Subject: it\r\n\r\ntext\r\n".getBytes(StandardCharsets.US_ASCII));
            draft.commit(NewMessage.plain(sender, List.of(recipients), false, false, now));
        }
    }

    private void advance(Duration time) {
        now = now.plus(time);
        delivery.wake();
    }

    private void awaitQueued(String organization, long messages) {
        await().untilAsserted(() -> assertThat(queue.usage(key(organization)).messages()).isEqualTo(messages));
    }

    private void awaitAttempts(String server, int attempts) {
        await().untilAsserted(() -> assertThat(upstreams.attempts(server)).isEqualTo(attempts));
    }

    private double count(String what) {
        return meters.find("postrider.recipients")
                .tag("outcome", what)
                .counters()
                .stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    @Test
    void deliversAndForgets() throws Exception {
        submit("orders", "a@b.example", "x@y.example", "z@y.example");
        awaitQueued("orders", 0);
        Taken taken = upstreams.taken().getFirst();
        assertThat(taken.envelope().sender()).isEqualTo("a@b.example");
        assertThat(taken.envelope().recipients()).containsExactly("x@y.example", "z@y.example");
        assertThat(taken.content()).isEqualTo("Subject: it\r\n\r\ntext\r\n");
        assertThat(count("delivered")).isEqualTo(2);
    }

    @Test
    void deliversWhatWasQueuedBeforeTheStart() throws Exception {
        delivery.close();
        submit("orders", "a@b.example", "x@y.example");
        delivery = delivery();
        delivery.start();
        awaitQueued("orders", 0);
    }

    @Test
    void triesAgainAfter1And5And15And30And60MinutesThenHourly() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        submit("orders", "a@b.example", "x@y.example");
        awaitAttempts("mx", 1);
        int attempts = 1;
        for (int minutes : new int[]{1, 5, 15, 30, 60, 60, 60}) {
            Instant due = now.plus(Duration.ofMinutes(minutes));
            await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(due));
            advance(Duration.ofMinutes(minutes).minusMillis(1));
            assertThat(upstreams.attempts("mx")).isEqualTo(attempts);
            advance(Duration.ofMillis(1));
            awaitAttempts("mx", ++attempts);
        }
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        await().untilAsserted(
                () -> assertThat(queue.nextAttempt(key("orders"))).contains(now.plus(Duration.ofHours(1))));
        advance(Duration.ofHours(1));
        awaitQueued("orders", 0);
    }

    @Test
    void settlesRecipientsSeparatelyAndBouncesTheRefused() throws Exception {
        upstreams.behave("mx", address -> switch (address) {
            case "good@y.example" -> RecordingUpstreams.ACCEPTED;
            case "busy@y.example" -> RecordingUpstreams.DEFERRED;
            case "bad@y.example" -> RecordingUpstreams.REFUSED;
            default -> RecordingUpstreams.ACCEPTED;
        });
        submit("orders", "a@b.example", "good@y.example", "busy@y.example", "bad@y.example");
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(2));
        assertThat(upstreams.taken().get(0).envelope().recipients()).containsExactly("good@y.example");
        Taken bounce = upstreams.taken().get(1);
        assertThat(bounce.envelope().sender()).isEmpty();
        assertThat(bounce.envelope().recipients()).containsExactly("a@b.example");
        assertThat(bounce.content()).contains("Final-Recipient: rfc822; bad@y.example", "Status: 5.1.1",
                "Subject: it").doesNotContain("busy@y.example");
        awaitQueued("orders", 1);
        assertThat(List.of(count("delivered"), count("deferred"), count("bounced"))).containsExactly(2.0, 1.0, 1.0);
    }

    @Test
    void neverBouncesABounce() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.REFUSED);
        submit("orders", "", "x@y.example");
        awaitQueued("orders", 0);
        assertThat(upstreams.attempts("mx")).isEqualTo(1);
    }

    @Test
    @Tag("delivery-world")
    void whatIsLostWithABounceThatReachesNobodyIsToldForADay() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.REFUSED);
        submit("orders", "a@b.example", "x@y.example");
        awaitQueued("orders", 0);
        assertThat(queue.lostReports()).containsExactly(
                new LostReports(key("orders"), 1, START, "a@b.example", "550 5.1.1 no such user"));
        advance(Duration.ofHours(23));
        submit("orders", "b@b.example", "x@y.example");
        awaitQueued("orders", 0);
        assertThat(queue.lostReports()).containsExactly(
                new LostReports(key("orders"), 2, now, "b@b.example", "550 5.1.1 no such user"));
        assertThat(meters.find("postrider.reports.lost").tag("organization", "shop/orders").counters())
                .singleElement()
                .returns(2.0, Counter::count);
        advance(Duration.ofHours(24));
        assertThat(queue.lostReports()).isEmpty();
        submit("orders", "c@b.example", "x@y.example");
        awaitQueued("orders", 0);
        assertThat(queue.lostReports()).extracting(LostReports::reports).containsExactly(1L);
    }

    @Test
    void givesUpAfterFiveDays() throws Exception {
        upstreams.behave("mx", address -> address.equals("x@y.example")
                ? RecordingUpstreams.DEFERRED
                : RecordingUpstreams.ACCEPTED);
        submit("orders", "a@b.example", "x@y.example");
        await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(START.plusSeconds(60)));
        advance(Duration.ofDays(5));
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(1));
        assertThat(upstreams.taken().getFirst().content()).contains("Status: 4.4.7");
        awaitQueued("orders", 0);
    }

    @Test
    void goesToAnotherServerInTheSameRound() throws Exception {
        routes.put(server("mx2", true, true, 2));
        upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
        for (int i = 0; i < 20; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitQueued("orders", 0);
        assertThat(upstreams.taken()).hasSize(20).allMatch(taken -> taken.server().equals("mx2"));
        // After three failures in a row it rests; a fourth attempt may have been under way by then.
        assertThat(upstreams.attempts("mx")).isBetween(1, 4);
        assertThat(count("deferred")).isZero();
    }

    @Test
    void sharesTheLoadWithinEachServersLimit() throws Exception {
        routes.put(server("mx2", true, true, 3));
        CountDownLatch first = upstreams.hang("mx");
        CountDownLatch second = upstreams.hang("mx2");
        for (int i = 0; i < 50; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 2);
        awaitAttempts("mx2", 3);
        first.countDown();
        second.countDown();
        awaitQueued("orders", 0);
        assertThat(upstreams.mostOpen("mx")).isEqualTo(2);
        assertThat(upstreams.mostOpen("mx2")).isEqualTo(3);
        assertThat(upstreams.taken()).hasSize(50);
    }

    @Test
    void reusesConnectionsAHundredTimesAndThirtySeconds() throws Exception {
        routes.put(server("mx", true, true, 1));
        for (int i = 0; i < 150; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitQueued("orders", 0);
        assertThat(upstreams.opened("mx")).isEqualTo(2);
        advance(Duration.ofSeconds(29));
        submit("orders", "a@b.example", "x@y.example");
        awaitQueued("orders", 0);
        assertThat(upstreams.opened("mx")).isEqualTo(2);
        advance(Duration.ofSeconds(31));
        await().untilAsserted(() -> assertThat(upstreams.open("mx")).isZero());
    }

    @Test
    @Tag("promises")
    void whatHasNoPlaceAtAServerSaysSoAndWhatIsBeingTriedDoesNot() throws Exception {
        routes.put(server("mx", true, true, 1));
        CountDownLatch latch = upstreams.hang("mx");
        for (int i = 0; i < 3; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 1);

        List<QueueView.Entry> listed = queue.view().list(QueueView.Filter.ALL, Optional.empty(), 10);
        assertThat(listed).extracting(QueueView.Entry::state).containsOnly(QueueView.State.ACTIVE);
        Map<String, Waiting.Reason> waiting = delivery.waiting().of(listed);
        assertThat(waiting).hasSize(2)
                .allSatisfy((_, reason) -> assertThat(reason).isEqualTo(
                        new Waiting.Reason("all connections to server shop/mx are in use (maxConnections: 1)")));
        latch.countDown();
        awaitQueued("orders", 0);
    }

    @Test
    void givesOrganizationsTheirTurns() throws Exception {
        routes.put(server("mx", true, true, 1));
        routes.put(organization("small", State.OPEN));
        CountDownLatch latch = upstreams.hang("mx");
        for (int i = 0; i < 100; i++) {
            submit("orders", "a@b.example", "big@y.example");
        }
        awaitAttempts("mx", 1);
        submit("small", "a@b.example", "small@y.example");
        latch.countDown();
        awaitQueued("small", 0);
        awaitQueued("orders", 0);
        List<String> order = upstreams.taken().stream().map(taken -> taken.envelope().recipients().getFirst()).toList();
        assertThat(order.indexOf("small@y.example")).isLessThan(50);
    }

    @Test
    void holdsMailWithoutCountingAttemptsWhileItGoesNowhere() throws Exception {
        routes.put(organization("orders", State.SUSPENDED));
        submit("orders", "a@b.example", "x@y.example");
        advance(Duration.ofDays(6));
        routes.put(server("unrelated", true, true, 2));
        assertThat(upstreams.taken()).isEmpty();
        assertThat(queue.usage(key("orders")).messages()).isEqualTo(1);
        routes.put(organization("orders", State.OPEN));
        awaitQueued("orders", 0);
        assertThat(upstreams.taken()).hasSize(1);
    }

    @Test
    void deliversTheQueueOfAnOrganizationThatCloses() throws Exception {
        routes.put(organization("orders", State.SUSPENDED));
        submit("orders", "a@b.example", "x@y.example");
        routes.put(organization("orders", State.CLOSING));
        awaitQueued("orders", 0);
        assertThat(upstreams.taken()).hasSize(1);
    }

    @Test
    void throwsAwayTheQueueOfAnOrganizationThatIsDropped() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        submit("orders", "a@b.example", "x@y.example");
        await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(START.plusSeconds(60)));
        routes.put(organization("orders", State.DROPPING));
        awaitQueued("orders", 0);
        assertThat(upstreams.taken()).isEmpty();
    }

    @Test
    void dropsMailOfAnOrganizationThatIsGoneOnceItHasExpired() throws Exception {
        routes.removeOrganization(key("orders"));
        submit("orders", "a@b.example", "x@y.example");
        advance(Duration.ofDays(4));
        assertThat(queue.usage(key("orders")).messages()).isEqualTo(1);
        advance(Duration.ofDays(1).plusHours(2));
        awaitQueued("orders", 0);
        assertThat(upstreams.attempts("mx")).isZero();
    }

    @Test
    void stopsUsingAServerThatIsSwitchedOff() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.DEFERRED);
        submit("orders", "a@b.example", "x@y.example");
        await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(START.plusSeconds(60)));
        routes.put(server("mx", true, false, 2));
        routes.put(server("mx2", true, true, 2));
        advance(Duration.ofMinutes(1));
        awaitQueued("orders", 0);
        assertThat(upstreams.taken().getFirst().server()).isEqualTo("mx2");
        assertThat(upstreams.attempts("mx")).isEqualTo(1);
    }

    private void submit(NewMessage message) throws IOException {
        try (Draft draft = queue.draft(key("orders"))) {
            draft.content().write("Subject: it\r\n\r\ntext\r\n".getBytes(StandardCharsets.US_ASCII));
            draft.commit(message);
        }
    }

    private NewMessage notify(String sender, Map<String, Set<Notify>> recipients) {
        return new NewMessage(sender,
                recipients.entrySet()
                        .stream()
                        .map(entry -> new NewRecipient(entry.getKey(),
                                new RecipientDsnRequest(entry.getValue(), Optional.empty())))
                        .toList(),
                false, false, DsnRequest.NONE, Optional.empty(), Optional.empty(), now);
    }

    private List<Taken> reports() {
        return upstreams.taken().stream().filter(taken -> taken.envelope().sender().isEmpty()).toList();
    }

    @Test
    void reportsFailuresToThoseWhoWantToKnow() throws Exception {
        upstreams.behave("mx", address -> address.equals("a@b.example")
                ? RecordingUpstreams.ACCEPTED
                : RecordingUpstreams.REFUSED);
        submit(notify("a@b.example", Map.of("never@y.example", Set.of(Notify.NEVER), "success@y.example",
                Set.of(Notify.SUCCESS), "failure@y.example", Set.of(Notify.FAILURE), "unsaid@y.example", Set.of())));
        awaitQueued("orders", 0);
        assertThat(reports()).singleElement()
                .satisfies(report -> assertThat(report.content())
                        .contains("Final-Recipient: rfc822; failure@y.example", "rfc822; unsaid@y.example",
                                "Action: failed")
                        .doesNotContain("never@y.example", "success@y.example"));
    }

    @Test
    void reportsThatAServerWithoutDsnTookIt() throws Exception {
        submit(notify("a@b.example", Map.of("success@y.example", Set.of(Notify.SUCCESS), "unsaid@y.example",
                Set.of())));
        await().untilAsserted(() -> assertThat(reports()).singleElement()
                .satisfies(report -> assertThat(report.content())
                        .contains("Final-Recipient: rfc822; success@y.example", "Action: relayed", "Status: 2.0.0")
                        .doesNotContain("unsaid@y.example")));
    }

    @Test
    void tellsOfADelayOnceAfterFourHours() throws Exception {
        upstreams.behave("mx", address -> address.equals("a@b.example")
                ? RecordingUpstreams.ACCEPTED
                : RecordingUpstreams.DEFERRED);
        submit(notify("a@b.example", Map.of("x@y.example", Set.of(), "quiet@y.example", Set.of(Notify.FAILURE))));
        awaitAttempts("mx", 1);
        await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(START.plusSeconds(60)));
        advance(Duration.ofHours(4).minusSeconds(1));
        await().untilAsserted(() -> assertThat(queue.nextAttempt(key("orders"))).contains(now.plusSeconds(300)));
        assertThat(reports()).isEmpty();
        advance(Duration.ofMinutes(5));
        await().untilAsserted(() -> assertThat(reports()).singleElement()
                .satisfies(report -> assertThat(report.content())
                        .contains("Final-Recipient: rfc822; x@y.example", "Action: delayed", "Status: 4.2.1",
                                "Will-Retry-Until: Fri, 6 Mar 2026 12:00:00 +0000")
                        .doesNotContain("quiet@y.example")));
        Instant then = now;
        await().untilAsserted(
                () -> assertThat(queue.nextAttempt(key("orders"))).contains(then.plus(Duration.ofMinutes(15))));
        advance(Duration.ofMinutes(15));
        await().untilAsserted(
                () -> assertThat(queue.nextAttempt(key("orders"))).contains(now.plus(Duration.ofMinutes(30))));
        assertThat(reports()).hasSize(1);
    }

    @Test
    void restsAServerThatFailsAndProbesItWithOneMessage() throws Exception {
        routes.put(server("mx", true, true, 1));
        upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
        for (int i = 0; i < 20; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 3);
        // The three are due again before the rest is over; they and the others wait.
        advance(Duration.ofSeconds(29));
        assertThat(upstreams.attempts("mx")).isEqualTo(3);
        advance(Duration.ofSeconds(1));
        awaitAttempts("mx", 4);
        advance(Duration.ofSeconds(59));
        assertThat(upstreams.attempts("mx")).isEqualTo(4);
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        advance(Duration.ofSeconds(1));
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSizeGreaterThanOrEqualTo(16));
        advance(Duration.ofMinutes(1));
        awaitQueued("orders", 0);
    }

    @Test
    @Tag("isolation")
    void aServerThatTakesTheNameOfOneThatRestsDoesNotRest() throws Exception {
        routes.put(TestRoutes.of(server("mx", true, true, 1), "first"));
        upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
        for (int i = 0; i < 20; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 3);
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        routes.removeServer(key("mx"));
        routes.put(TestRoutes.of(server("mx", true, true, 1), "second"));
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSizeGreaterThanOrEqualTo(16));
        advance(Duration.ofMinutes(1));
        awaitQueued("orders", 0);
    }

    @Test
    void tellsOfADelayAndGivesUpWhileAllServersRest() throws Exception {
        upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
        routes.put(server("mx", true, true, 1));
        for (int i = 0; i < 6; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 3);
        // Reports cannot get out either, and are queued beside.
        advance(Duration.ofHours(4));
        awaitWhileTimePasses(() -> assertThat(queue.usage(key("orders")).messages()).isEqualTo(12));
        advance(Duration.between(now, START.plus(Duration.ofDays(5))));
        awaitWhileTimePasses(() -> assertThat(count("expired")).isEqualTo(6));
        assertThat(queue.usage(key("orders")).messages()).isEqualTo(12);
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        awaitWhileTimePasses(() -> assertThat(queue.usage(key("orders")).messages()).isZero());
        assertThat(reports().stream().filter(report -> report.content().contains("Action: delayed"))).hasSize(6);
        assertThat(reports().stream().filter(report -> report.content().contains("Status: 4.4.7"))).hasSize(6);
    }

    private void awaitWhileTimePasses(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            advance(Duration.ofSeconds(61));
            assertion.run();
        });
    }

    @Test
    void mailThatWasReadIsDeliveredThoughTheQueueFailsRightAfter() throws Exception {
        delivery.close();
        submit("orders", "a@b.example", "x@y.example");
        var failures = new AtomicInteger();
        var failing = (Queue) Proxy.newProxyInstance(Queue.class.getClassLoader(), new Class<?>[]{Queue.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("nextAttempt") && failures.incrementAndGet() == 1) {
                        throw new QueueException("the database is gone");
                    }
                    return method.invoke(queue, arguments);
                });
        delivery = delivery(failing);
        delivery.start();
        awaitQueued("orders", 0);
        assertThat(failures).hasPositiveValue();
    }

    /** As often as there are readers of a namespace, and once more. */
    @Test
    void mailIsReadAgainAfterAFaultOfTheRelay() throws Exception {
        delivery.close();
        submit("orders", "a@b.example", "x@y.example");
        var failures = new AtomicInteger();
        var failing = (Queue) Proxy.newProxyInstance(Queue.class.getClassLoader(), new Class<?>[]{Queue.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("claim") && failures.incrementAndGet() <= 5) {
                        throw new OutOfMemoryError("thrown by a test");
                    }
                    return method.invoke(queue, arguments);
                });
        delivery = delivery(failing);
        delivery.start();
        await().until(() -> {
            advance(Duration.ofSeconds(5));
            return queue.usages().isEmpty();
        });
        assertThat(failures).hasValueGreaterThan(5);
    }

    /** The rest of its server ends while others have claimed it to see whether it is overdue. */
    @Test
    void mailThatWasLookedAtWhileItsTurnCameIsTried() throws Exception {
        delivery.close();
        routes.put(server("mx", true, true, 1));
        var claimed = new CountDownLatch(1);
        var looked = new CountDownLatch(1);
        var watched = (Queue) Proxy.newProxyInstance(Queue.class.getClassLoader(), new Class<?>[]{Queue.class},
                (proxy, method, arguments) -> {
                    Object result = method.invoke(queue, arguments);
                    // So many are looked at whether they are overdue.
                    if (method.getName().equals("claim") && arguments[2].equals(32)) {
                        claimed.countDown();
                        looked.await();
                    }
                    if (method.getName().equals("nextAttempt") && claimed.getCount() == 0) {
                        looked.countDown();
                    }
                    return result;
                });
        delivery = delivery(watched);
        delivery.start();
        upstreams.behave("mx", RecordingUpstreams.UNREACHABLE);
        for (int i = 0; i < 4; i++) {
            submit("orders", "a@b.example", i + "@y.example");
        }
        awaitAttempts("mx", 3);
        advance(Duration.ofSeconds(30));
        awaitAttempts("mx", 4);
        advance(Duration.ofSeconds(31));
        claimed.await();
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);
        advance(Duration.ofSeconds(40));
        looked.await();
        await().untilAsserted(() -> assertThat(upstreams.taken()).hasSize(4));
    }

    /** 8 MiB of an organization, 16 MiB in all; what is beyond is in the queue only, and delivered nevertheless. */
    @Test
    void keepsNoMoreInMemoryThanItsBounds() throws Exception {
        CountDownLatch latch = upstreams.hang("mx");
        byte[] big = new byte[200_000];
        List<ResourceKey> organizations = List.of(key("orders"), key("news"), new ResourceKey("other", "alerts"));
        List<Long> held = new ArrayList<>();
        for (ResourceKey organization : organizations) {
            OrganizationRoute plain = organization(organization.name(), State.OPEN);
            routes.put(new OrganizationRoute(organization, plain.passwordSha256(), State.OPEN, List.of(), plain.from(),
                    plain.envelopeFrom(), Optional.empty(), Optional.empty()));
            for (int i = 0; i < 50; i++) {
                try (Draft draft = queue.draft(organization)) {
                    draft.content().write(big);
                    draft.commit(NewMessage.plain("a@b.example", List.of(i + "@y.example"), false, false, now));
                }
                assertThat(delivery.inMemory()).isLessThanOrEqualTo(16L << 20);
            }
            held.add(delivery.inMemory() >> 20);
        }
        // In MiB: the first filled its own bound, the second its namespace's share, the third three quarters of the rest.
        assertThat(held).containsExactly(7L, 11L, 14L);
        latch.countDown();
        await().until(() -> queue.usages().isEmpty());
        assertThat(upstreams.taken()).hasSize(150);
        await().until(() -> delivery.inMemory() == 0);
    }

    @Test
    @Tag("upstreams")
    void doesNotTryAServerBeforeTheTimeThatItAskedFor() throws Exception {
        upstreams.behave("mx", new Verdict.Refused(Step.Connection, false, Optional.empty(), "429 wait",
                Optional.of(Duration.ofMinutes(7))));
        submit("orders", "a@b.example", "x@y.example");
        awaitAttempts("mx", 1);
        submit("orders", "a@b.example", "z@y.example");
        upstreams.behave("mx", RecordingUpstreams.ACCEPTED);

        // The usual waits are a minute for a message and half a minute for a server.
        advance(Duration.ofSeconds(6 * 60 + 59));
        awaitQueued("orders", 2);
        assertThat(upstreams.attempts("mx")).isEqualTo(1);
        advance(Duration.ofSeconds(2));
        awaitQueued("orders", 0);
        assertThat(upstreams.attempts("mx")).isEqualTo(3);
    }

    @Test
    @Tag("upstreams")
    void goesToAnotherServerWhileOneWantsToBeLeftAlone() throws Exception {
        routes.put(server("second", true, true, 2));
        upstreams.behave("mx", new Verdict.Refused(Step.Connection, false, Optional.empty(), "429 wait",
                Optional.of(Duration.ofMinutes(7))));
        for (int i = 0; i < 4; i++) {
            submit("orders", "a@b.example", "x" + i + "@y.example");
        }
        awaitQueued("orders", 0);
        assertThat(upstreams.attempts("mx")).isLessThanOrEqualTo(2);
        assertThat(upstreams.taken()).extracting(Taken::server).containsOnly("second");
    }
}
