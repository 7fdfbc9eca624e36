package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.transport.Sends.Send;
import java.io.PrintStream;
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
import org.junit.jupiter.api.Timeout;
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

    /** As where there is no memory for that, either. */
    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aSenderWhoseDefectCannotBeLoggedHasFailedAndOthersGoOn() {
        AtomicInteger logged = new AtomicInteger();
        Sends<String, String, String> sends = sends(order -> {
            if (order.startsWith("a")) {
                throw new OutOfMemoryError("oops") {
                    @Override
                    public void printStackTrace(PrintStream log) {
                        logged.incrementAndGet();
                        throw new OutOfMemoryError("again");
                    }
                };
            }
            return taken(order);
        });
        sends.start("uid", "a1", told::incrementAndGet);
        sends.start("uid", "b1", told::incrementAndGet);
        threads.remove().run();
        threads.remove().run();
        assertThat(logged).hasValue(1);
        assertThat(told).hasValue(2);
        assertThat(sends.of("uid")).isEqualTo(
                Map.of("a", new Send.Ended<>("a1", "a1: oops"), "b", new Send.Ended<>("b1", "b1 taken")));
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aMailWhoseLanesAreADefectHasFailedAndLeavesThoseThatItEntered() {
        Sends.Lane narrow = new Sends.Lane("narrow", 1);
        Sends.Lane unnamed = new Sends.Lane(new Object() {
            @Override
            public int hashCode() {
                throw new OutOfMemoryError("none left");
            }
        }, 1);
        Sends<String, String, String> sends = new Sends<>(order -> order.substring(0, 1), SendsTest::taken,
                (order, defect) -> order + ": " + defect.getClass().getSimpleName(), order -> switch (order) {
                    case "a1" -> throw new IllegalStateException("which?");
                    case "b1" -> List.of(narrow, unnamed);
                    default -> List.of(narrow);
                }, threads::add);
        for (String order : List.of("a1", "b1", "d1")) {
            sends.start("uid", order, told::incrementAndGet);
            threads.remove().run();
        }
        assertThat(told).hasValue(3);
        assertThat(sends.of("uid")).isEqualTo(Map.of("a", new Send.Ended<>("a1", "a1: IllegalStateException"), "b",
                new Send.Ended<>("b1", "b1: OutOfMemoryError"), "d", new Send.Ended<>("d1", "d1 taken")));
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
