package dev.postrider.message.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.testing.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** While all carriers of virtual threads work on large messages, others have their turns. */
@Tag("isolation")
final class SharedCarriersTest {
    private static final int RUNS = 5;
    private static final byte[] MESSAGE = Cost.repeated("""
            From: a@example.com
            Subject: x
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: application/pdf; name=a.pdf
            Content-Disposition: attachment; filename=a.pdf
            Content-Transfer-Encoding: base64

            """.replace("\n", "\r\n"), "A".repeat(76) + "\r\n", 25 << 20);

    /**
     * What is done, and the longest that a timer of another thread was late meanwhile.
     *
     * @param nanos     of all the work
     * @param lateNanos of the timer
     */
    private record Run(long nanos, long lateNanos) {}

    private static Run run(MessageChange change) throws InterruptedException {
        AtomicLong late = new AtomicLong();
        AtomicBoolean working = new AtomicBoolean(true);
        Thread other = Thread.ofVirtual().start(() -> {
            for (long last = System.nanoTime(); working.get(); last = System.nanoTime()) {
                LockSupport.parkNanos(1_000_000);
                late.accumulateAndGet(System.nanoTime() - last, Math::max);
            }
        });
        List<Thread> workers = new ArrayList<>();
        long began = System.nanoTime();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            workers.add(Thread.ofVirtual().start(() -> {
                try {
                    change.make(MessageContent.of(MESSAGE));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        long took = System.nanoTime() - began;
        working.set(false);
        other.join();
        return new Run(took, late.get());
    }

    /** The best of some runs: others have this machine's processors, too. */
    @ParameterizedTest
    @EnumSource(MessageChange.class)
    void othersWaitForABlockAndNotForAMessage(MessageChange change) throws Exception {
        List<String> runs = new ArrayList<>();
        boolean shared = false;
        for (int i = 0; i < RUNS && !shared; i++) {
            Run run = run(change);
            shared = run.lateNanos * 3 < run.nanos;
            runs.add("%d of %d ms".formatted(run.lateNanos / 1_000_000, run.nanos / 1_000_000));
        }
        assertThat(shared).as("late by %s", runs).isTrue();
    }
}
