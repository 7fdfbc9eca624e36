package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Work of a namespace that has much of it, beside that of another. */
@Tag("isolation")
final class FairExecutorTest {
    private final List<String> done = new CopyOnWriteArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);

    private void wait(String name) {
        done.add(name);
        try {
            end.await();
        } catch (InterruptedException e) {
            done.add(name + " interrupted");
        }
    }

    @Test
    void thatTakesLongLeavesThreads() {
        try (var executor = new FairExecutor("test", 4)) {
            for (int i = 0; i < 1000; i++) {
                executor.execute("evil", () -> wait("evil"));
            }
            executor.execute("shop", () -> wait("shop"));
            await().until(() -> done.size() == 4);
            assertThat(done).containsExactlyInAnyOrder("evil", "evil", "evil", "shop");
            assertThat(executor.waiting()).isEqualTo(997);
            end.countDown();
            await().until(() -> executor.waiting() == 0);
        }
    }

    @Test
    void thatWaitsDoesNothingBeforeItBegins() {
        try (var executor = FairExecutor.waiting("test", 1)) {
            executor.execute("shop", () -> done.add("shop"));
            executor.execute("acme", () -> done.add("acme"));
            assertThat(executor.waiting()).isEqualTo(2);
            assertThat(done).isEmpty();

            executor.begin();
            await().until(() -> done.size() == 2);
            assertThat(done).containsExactly("shop", "acme");
        }
    }

    @Test
    void thatEndsBeforeItBeganDoesNothing() throws Exception {
        var executor = FairExecutor.waiting("test", 1);
        executor.execute("shop", () -> done.add("shop"));
        executor.shutdown();

        assertThat(executor.awaitTermination(0, TimeUnit.SECONDS)).isTrue();
        assertThat(done).isEmpty();
    }

    @Test
    void takesTurnsAndIsThatOfWhatItStarts() throws Exception {
        try (var executor = new FairExecutor("test", 1)) {
            var first = new CountDownLatch(1);
            executor.execute("evil", () -> {
                for (int i = 0; i < 3; i++) {
                    executor.execute(() -> done.add("evil"));
                }
                first.countDown();
                wait("first");
            });
            assertThat(first.await(10, TimeUnit.SECONDS)).isTrue();
            executor.execute("shop", () -> done.add("shop"));
            assertThat(executor.offer("evil", () -> done.add("too many"), 3)).isFalse();
            end.countDown();
            await().until(() -> done.size() == 5);
            assertThat(done).containsExactly("first", "evil", "shop", "evil", "evil");
        }
    }

    @Test
    void passesAGateThatLeavesRoom() throws Exception {
        var gate = new FairGate(4);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 100; i++) {
                executor.execute(() -> {
                    try (var _ = gate.enter("evil")) {
                        wait("evil");
                    } catch (InterruptedException e) {
                        done.add("interrupted");
                    }
                });
            }
            await().until(() -> done.size() == 3);
            try (var _ = gate.enter("shop")) {
                assertThat(done).hasSize(3);
            }
            end.countDown();
        }
        assertThat(done).hasSize(100).containsOnly("evil");
    }

    @Test
    void isInterruptedWhenItIsStopped() throws Exception {
        var executor = new FairExecutor("test", 1);
        executor.execute("shop", () -> wait("shop"));
        executor.execute("shop", () -> wait("never"));
        await().until(() -> done.contains("shop"));
        assertThat(executor.shutdownNow()).hasSize(1);
        assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        assertThat(done).containsExactly("shop", "shop interrupted");
    }
}
