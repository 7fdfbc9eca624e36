package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.transport.Sends.Send;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each mail comes to a result, which is kept until somebody has written it down; threads are run by the test. */
@Tag("promises")
final class SendsTest {
    private final Deque<Runnable> threads = new ArrayDeque<>();
    private final AtomicInteger told = new AtomicInteger();

    private Sends<String, String, String> sends(Function<String, String> sender) {
        return new Sends<>(order -> order.substring(0, 1), sender,
                (order, defect) -> order + ": " + defect.getMessage(),
                1, threads::add);
    }

    private static String taken(String order) {
        return order + " taken";
    }

    @Test
    void aResultIsKeptUntilItWasWritten() {
        Sends<String, String, String> sends = sends(SendsTest::taken);
        sends.start("uid", "a1", told::incrementAndGet);
        assertThat(sends.of("uid")).isEqualTo(Map.of("a", new Send.Running<>("a1")));
        threads.remove().run();
        assertThat(told).hasValue(1);
        assertThat(sends.of("uid")).isEqualTo(Map.of("a", new Send.Ended<>("a1", "a1 taken")));
        assertThat(sends.isIdle()).isFalse();
        sends.written("uid", "a");
        assertThat(sends.isIdle()).isTrue();
    }

    static Stream<Throwable> defects() {
        return Stream.of(new IllegalStateException("oops"), new StackOverflowError("oops"),
                new OutOfMemoryError("oops"), new NoClassDefFoundError("oops"));
    }

    @ParameterizedTest
    @MethodSource("defects")
    void aSenderThatThrowsHasFailedAndIsNotOnItsWayForEver(Throwable defect) {
        Sends<String, String, String> sends = sends(_ -> {
            throw thrown(defect);
        });
        sends.start("uid", "a1", told::incrementAndGet);
        threads.remove().run();
        assertThat(told).hasValue(1);
        assertThat(sends.of("uid")).isEqualTo(Map.of("a", new Send.Ended<>("a1", "a1: oops")));
    }

    private static RuntimeException thrown(Throwable defect) {
        if (defect instanceof Error error) {
            throw error;
        }
        return (RuntimeException) defect;
    }

    @Test
    @Tag("isolation")
    void tenThousandMailsGoAFewAtATimeAndNoOthersWaitForThem() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch others = new CountDownLatch(10_000);
        CountDownLatch gate = new CountDownLatch(1);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Sends<String, String, String> sends = new Sends<>(order -> order, order -> {
                if (order.startsWith("global")) {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    try {
                        gate.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    now.decrementAndGet();
                }
                return order;
            }, (order, _) -> order, order -> List.of(new Sends.Lane(order.substring(0, 6), 8)), executor);
            for (int i = 0; i < 10_000; i++) {
                sends.start("uid" + i, "global" + i, others::countDown);
            }
            CountDownLatch own = new CountDownLatch(1);
            sends.start("victim", "victim", own::countDown);
            assertThat(own.await(1, TimeUnit.MINUTES)).isTrue();
            gate.countDown();
            assertThat(others.await(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(most).hasValue(8);
    }

    @Test
    void ofAResourceThatIsGoneNothingStays() {
        Sends<String, String, String> sends = sends(SendsTest::taken);
        sends.start("uid", "a1", told::incrementAndGet);
        sends.forget("uid");
        threads.remove().run();
        assertThat(sends.isIdle()).isTrue();
    }
}
