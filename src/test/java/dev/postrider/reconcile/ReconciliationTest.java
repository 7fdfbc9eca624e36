package dev.postrider.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.postrider.api.MailServerStatus;
import dev.postrider.api.Reason;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.Notice;
import dev.postrider.plan.Refusal;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order in which a plan is carried out, whatever is refused of it. */
@Tag("promises")
final class ReconciliationTest {
    private static final String RESOURCE = "uid";

    private final List<String> steps = new ArrayList<>();
    private final Deque<Runnable> threads = new ArrayDeque<>();
    private final Sends<ResourceKey, TestOrder, TestResult> sends = new Sends<>(order -> order.mail().server().key(),
            order -> new TestResult(Instant.EPOCH, Duration.ZERO, "localhost:2525", Optional.empty(), Optional.empty(),
                    Optional.empty()),
            (_, defect) -> {
                throw new AssertionError(defect);
            }, 1, thread -> {
                steps.add("mail");
                threads.add(thread);
            });

    @ParameterizedTest
    @CsvSource(delimiterString = "->", textBlock = """
            nothing       -> false -> hold, route, binding, copies of the plan, status of the plan, nothing refused, mail, Event of the plan
            hold          -> false -> hold, route, binding, refused: no hold, copies of no hold, status of no hold, mail, Event of no hold
            route         -> false -> hold, route, refused: no route, copies of no route, status of no route, mail, Event of no route
            binding       -> false -> hold, route, binding, refused: no binding, copies of no binding, status of no binding, mail, Event of no binding
            hold route    -> false -> hold, route, refused: no hold, copies of no hold, status of no hold, mail, Event of no hold
            nothing       -> true  -> hold, route, binding, copies of the plan, remove, status of the plan, nothing refused, mail, release, Event of the plan
            route         -> true  -> hold, route, refused: no route, copies of no route, remove, status of no route, mail, release, Event of no route
            """)
    void theStepsHaveOneOrder(String refused, boolean release, String order) {
        carryOut(new Recorded(refused), release);

        assertThat(String.join(", ", steps)).isEqualTo(order);
    }

    @Test
    void aResultIsKeptUntilTheStatusThatTellsOfItIsWritten() {
        carryOut(new Recorded("nothing"), false);
        threads.remove().run();
        assertThat(Mails.testNews(mails()).finished()).isPresent();

        assertThatIllegalStateException().isThrownBy(() -> carryOut(new Recorded("status"), false))
                .withMessage("no status");
        assertThat(Mails.testNews(mails()).finished()).isPresent();

        carryOut(new Recorded("nothing"), false);
        assertThat(Mails.testNews(mails())).isEqualTo(TestNews.running(order()));
    }

    private void carryOut(Recorded effects, boolean release) {
        Reconciliation.carryOut(plan("the plan", release), refusal -> plan(refusal.message(), release), effects,
                List.of(mails()));
    }

    private Mails<MailServerPlan, ResourceKey, TestOrder, TestResult> mails() {
        return Mails.testOfServer(sends, RESOURCE, () -> {});
    }

    private static TestOrder order() {
        var from = new Address("postmaster@company.example", Optional.empty());
        var server = new ServerRoute(new ResourceKey("mail", "company"), true, true,
                new Endpoint.Smtp("localhost", 2525, Endpoint.Security.NONE, Optional.empty(), Duration.ofSeconds(1),
                        Duration.ofSeconds(1), 1, Optional.empty()));
        return new TestOrder(Optional.empty(), new TestMail(server, from, Optional.empty(), from.address(),
                from.address(), "MailServer mail/company"), "settings", Optional.empty());
    }

    /** @param name in its Event, by which the plan that was made anew is known */
    private static MailServerPlan plan(String name, boolean release) {
        return new MailServerPlan(Optional.empty(), release, Optional.of(order()),
                new MailServerStatus(1L, null, List.of(), null, null, null), Optional.empty(),
                List.of(new Notice(false, Reason.ServerRests, name)));
    }

    private final class Recorded implements Effects<MailServerPlan> {
        private final Set<String> refused;

        Recorded(String refused) {
            this.refused = Arrays.stream(refused.split(" ")).collect(Collectors.toSet());
        }

        private Optional<Refusal> step(String name) {
            steps.add(name);
            return refused.contains(name) ? Optional.of(new Refusal("no " + name)) : Optional.empty();
        }

        private static String name(MailServerPlan plan) {
            return plan.notices().getFirst().message();
        }

        @Override
        public Optional<Refusal> hold() {
            return step("hold");
        }

        @Override
        public Optional<Refusal> applyRoute(MailServerPlan plan) {
            return step("route");
        }

        @Override
        public Optional<Refusal> applyBinding(MailServerPlan plan) {
            return step("binding");
        }

        @Override
        public void refused(Refusal refusal) {
            step("refused: " + refusal.message());
        }

        @Override
        public MailServerPlan applyCopies(MailServerPlan plan) {
            step("copies of " + name(plan));
            return plan;
        }

        @Override
        public void remove() {
            step("remove");
        }

        @Override
        public void writeStatus(MailServerPlan plan) {
            step("status of " + name(plan));
            if (refused.contains("status")) {
                throw new IllegalStateException("no status");
            }
        }

        @Override
        public void nothingRefused() {
            step("nothing refused");
        }

        @Override
        public void release() {
            step("release");
        }

        @Override
        public void publish(Notice notice) {
            step("Event of " + notice.message());
        }
    }
}
