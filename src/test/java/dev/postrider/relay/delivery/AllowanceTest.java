package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.queue.SendingRates.Full;
import dev.postrider.relay.queue.SendingRates.Grant;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RateLimits;
import dev.postrider.route.RateLimits.Unit;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What one relay may send by a rate, without a queue and servers; the clock is played. */
@Tag("delivery-world")
final class AllowanceTest {
    private static final int ORGANIZATIONS = 10_000;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final Allowance allowance = new Allowance();

    private static final RateLimits PER_DAY = new RateLimits(Optional.empty(), Optional.empty(), Optional.empty(),
            Optional.of(100), Unit.RECIPIENTS);
    private static final RateLimits.Limit LIMIT = PER_DAY.counted().getFirst();

    private static RateLimits limits(Unit unit) {
        return new RateLimits(Optional.of(10), Optional.empty(), Optional.empty(), Optional.empty(), unit);
    }

    private Grant grant(int units) {
        return new Grant(units, Duration.ZERO, Duration.ofMillis(105), limits(Unit.MESSAGES).pace());
    }

    private Allowance.Wish ask() {
        return allowance.ask(now).orElseThrow();
    }

    @Test
    void whatWasTakenIsUsedAtItsTimeOrLostAndGivenBack() {
        allowance.limitedBy(Optional.of(limits(Unit.MESSAGES)));
        Allowance.Wish one = ask();
        assertThat(one.most()).isOne();
        assertThat(allowance.ask(now)).describedAs("while the answer is awaited").isEmpty();
        allowance.answered(one, Optional.of(grant(1)), now);
        allowance.take(Allowance.ANYBODY);
        Allowance.Wish two = ask();
        assertThat(two.most()).describedAs("the first was used up").isEqualTo(2);
        allowance.answered(two, Optional.of(grant(2)), now);
        assertThat(allowance.available(now)).isOne();
        assertThat(allowance.overUntil(now)).isEmpty();

        now = now.plus(Duration.ofSeconds(10));
        assertThat(allowance.available(now)).isZero();
        Allowance.Wish after = ask();
        assertThat(after.owed()).isEqualTo(-2);
        assertThat(after.most()).isOne();
    }

    @ParameterizedTest
    @CsvSource({"RECIPIENTS, 59", "MESSAGES, 5"})
    void aMessageToManyIsOwedAndOneThatWasNotSentIsNot(Unit unit, int owed) {
        allowance.limitedBy(Optional.of(limits(unit)));
        allowance.answered(ask(), Optional.of(grant(1)), now);
        Allowance.Taken taken = allowance.take(Allowance.ANYBODY);
        allowance.charge(taken, 60, 6);
        allowance.giveBack(taken);
        assertThat(allowance.available(now)).isOne();
        allowance.charge(allowance.take(Allowance.ANYBODY), 60, 6);
        assertThat(ask().owed()).isEqualTo(owed);
    }

    @Test
    void aClockThatIsSetBackKeepsNothingWaiting() {
        allowance.limitedBy(Optional.of(limits(Unit.MESSAGES)));
        allowance.answered(ask(), Optional.of(new Grant(0, Duration.ofHours(20), Duration.ZERO, Optional.empty())),
                now);
        assertThat(allowance.overUntil(now)).hasValue(now.plus(Duration.ofHours(20)));
        now = now.minus(Duration.ofDays(300));
        assertThat(allowance.ask(now)).isPresent();
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsLeftAloneForASecond() {
        allowance.limitedBy(Optional.of(limits(Unit.MESSAGES)));
        allowance.answered(ask(), Optional.empty(), now);
        assertThat(allowance.ask(now.plusMillis(999))).isEmpty();
        assertThat(allowance.ask(now.plusMillis(1000))).isPresent();
        allowance.limitedBy(Optional.empty());
        assertThat(allowance.available(now)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void whatIsGrantedToANamespaceIsForNobodyElseAndWhatItDidNotUseIsGivenBackForIt() {
        allowance.limitedBy(Optional.of(PER_DAY));
        Allowance.Wish wish = allowance.ask(Stream.of("a", "b", "c"), now).orElseThrow();
        assertThat(wish.sharing().orElseThrow().waiting()).containsExactly("a", "b", "c");
        allowance.answered(wish, Optional.of(new Grant(3, Duration.ZERO, Duration.ZERO, Optional.empty(),
                List.of("a", "b", "a"), Map.of("c", new Full(Duration.ofHours(1), LIMIT)))), now);
        assertThat(Stream.of("a", "b", "c").map(namespace -> allowance.available(namespace, now)))
                .containsExactly(2, 1, 0);
        assertThat(allowance.fullOf("c", now)).contains(new Allowance.Full(now.plus(Duration.ofHours(1)), LIMIT));
        assertThat(allowance.overUntil(now)).describedAs("of all").isEmpty();
        assertThat(allowance.ask(Stream.of("a", "b", "c"), now)).isEmpty();
        // One message of b's to three recipients, and a's are lost.
        allowance.charge(allowance.take("b"), 3, 1);
        assertThat(allowance.ask(Stream.of("b", "d"), now).orElseThrow().owedOf()).isEqualTo(Map.of("b", 2));
        now = now.plus(Duration.ofHours(1));
        assertThat(allowance.fullOf("c", now)).isEmpty();
        assertThat(allowance.available(now)).isZero();
    }

    /** Notes what it is handed, and does none of it. */
    private static final class Noted extends UndoneWork {
        private final Deque<Allowance.Wish> wishes = new ArrayDeque<>();
        private int reads;

        @Override
        public void read(ResourceKey organization, boolean urgent, int most) {
            reads += urgent ? 0 : 1;
        }

        @Override
        public void takeOfRate(Lane lane, Allowance.Wish wish) {
            wishes.add(wish);
        }
    }

    @Test
    void whoWaitsForARateIsWokenOnceForEachMailThatMayGo() {
        var routes = new Routes();
        var lanes = new Lanes(routes, server -> {
            throw new AssertionError("nothing is sent to " + server.key());
        }, UndoneWork.NO_PERMITS, () -> DeliverySettings.of("relay.test"),
                new RelayMeters(new SimpleMeterRegistry(), 10, () -> now));
        var work = new Noted();
        var turns = new Turns(routes, lanes, () -> now, work);
        routes.put(TestRoutes.relay());
        ServerRoute server = TestRoutes.local("mx", 25, 20);
        routes.put(server.limited(Optional.of(limits(Unit.MESSAGES))));
        routes.markComplete();
        for (int i = 0; i < ORGANIZATIONS; i++) {
            routes.put(TestRoutes.organization("shop-" + i, State.OPEN, "mx"));
            turns.due(key("shop-" + i));
        }
        assertThat(work.wishes).hasSize(1);
        turns.tookOfRate(lanes.of(key("mx")), work.wishes.poll(),
                Optional.of(new Grant(0, Duration.ofHours(1), Duration.ZERO, Optional.empty())));
        for (int second = 0; second < 3599; second++) {
            now = now.plusSeconds(1);
            turns.tick();
        }
        assertThat(work.wishes).isEmpty();
        assertThat(work.reads).isZero();
        assertThat(turns.next()).isPresent();
        now = now.plusSeconds(2);
        turns.tick();
        assertThat(work.wishes).hasSize(1);
        turns.tookOfRate(lanes.of(key("mx")), work.wishes.poll(), Optional.of(grant(1)));
        assertThat(work.reads).isBetween(1, 20);
    }
}
