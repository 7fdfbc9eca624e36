package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who is woken when, by one thread however many wait. */
@Tag("notices")
final class WakeTimerTest {
    private static final Instant NOW = Instant.parse("2027-01-12T08:59:59Z");

    private static ResourceID id(int number) {
        return new ResourceID("license-" + number, "acme");
    }

    @Test
    void tenThousandAreTimedInLessThanTwoSecondsOnOneThreadAndThoseThatAreDueAreWoken() {
        Set<ResourceID> woken = ConcurrentHashMap.newKeySet();
        Set<String> threads = ConcurrentHashMap.newKeySet();
        int before = Thread.activeCount();
        try (var timer = new WakeTimer("notice", InstantSource.fixed(NOW), id -> {
            threads.add(Thread.currentThread().getName());
            woken.add(id);
        })) {
            long began = cpuTime();
            for (int i = 0; i < 10_000; i++) {
                timer.wakeAt(id(i), i % 10 == 0 ? NOW.plusMillis(300) : NOW.plus(Duration.ofDays(1 + i % 90)));
            }
            // Of the processor: what else the machine does makes no difference.
            assertThat(Duration.ofNanos(cpuTime() - began)).isLessThan(Duration.ofSeconds(2));
            assertThat(Thread.activeCount() - before).as("the one that waits, and the one that wakes")
                    .isLessThanOrEqualTo(2);

            await().atMost(Duration.ofSeconds(30)).until(() -> woken.size() == 1_000);
            assertThat(woken).allMatch(id -> id.getName().endsWith("0"));
            assertThat(threads).hasSize(1);
        }
    }

    private static long cpuTime() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    @Test
    void aNewTimeTakesThePlaceOfTheOldOneAndAForgottenOneDoesNotCome() {
        List<ResourceID> woken = new CopyOnWriteArrayList<>();
        try (var timer = new WakeTimer("notice", InstantSource.fixed(NOW), woken::add)) {
            timer.wakeAt(id(1), NOW.plusMillis(500));
            timer.wakeAt(id(1), NOW.plus(Duration.ofDays(1)));
            timer.wakeAt(id(2), NOW.plusMillis(500));
            timer.forget(id(2));
            timer.wakeAt(id(3), NOW.minus(Duration.ofDays(400)));
            timer.wakeAt(id(4), NOW.plusMillis(700));

            await().atMost(Duration.ofSeconds(10)).until(() -> woken.contains(id(4)));
            assertThat(woken).containsExactly(id(3), id(4));
        }
    }
}
