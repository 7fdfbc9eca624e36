package dev.postrider.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/** What the relay's work on a message may cost: so much CPU for each MiB, and so much memory for all of it. */
public final class Cost {
    private static final long MIB = 1 << 20;
    /** For each MiB of a message, and what is allowed in any case. */
    private static final Duration CPU = Duration.ofMillis(50);
    private static final Duration CPU_FLOOR = Duration.ofMillis(80);
    private static final long MEMORY = 4 * MIB;
    /** The fuzzer writes down each branch that is taken. */
    private static final int INSTRUMENTED = System.getProperty("JAZZER_FUZZ") == null ? 1 : 4;
    private static final int RUNS = 12;
    private static final com.sun.management.ThreadMXBean THREADS = (com.sun.management.ThreadMXBean) ManagementFactory
            .getThreadMXBean();

    private Cost() {}

    /** Is told how many octets of the message were asked for next. */
    @FunctionalInterface
    public interface Progress {
        void passed(int octets);
    }

    /** Does the work in the caller's thread, and says how it ended. */
    @FunctionalInterface
    public interface Work {
        String run(Progress progress) throws Exception;
    }

    /**
     * Does some work, and fails if that costs more than it may.
     *
     * @param octets of the message, which are not counted
     * @return how it ended
     */
    public static String measured(String what, int octets, Work work) throws Exception {
        long allowed = INSTRUMENTED * (CPU_FLOOR.toNanos() + CPU.toNanos() * octets / MIB);
        String ended = "";
        long least = Long.MAX_VALUE;
        long allocated = 0;
        // The first runs are compiled, for seconds on a busy machine, and others have the processor too.
        for (int i = 0; i < RUNS && (i == 0 || least > allowed); i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            long start = THREADS.getCurrentThreadCpuTime();
            ended = work.run(_ -> {});
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - start);
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(Duration.ofNanos(least)).as("CPU for %s of %d octets", what, octets)
                .isLessThanOrEqualTo(Duration.ofNanos(allowed));
        if (allocated > MEMORY) {
            assertThat(live(octets, work)).as("memory for %s of %d octets", what, octets).isLessThan(MEMORY);
        }
        return ended;
    }

    /** The most memory in use while it is done, as seen at some of its reads. */
    private static long live(int octets, Work work) throws Exception {
        var seen = new Object() {
            private long most;
            private long next = octets / 4;
            private long read;
        };
        long before = used();
        work.run(count -> {
            seen.read += count;
            if (seen.read >= seen.next) {
                // Twice as far each time: some passes are many.
                seen.next = 2 * seen.read;
                seen.most = Math.max(seen.most, used() - before);
            }
        });
        return seen.most;
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** A message that repeats some octets until it has a size. */
    public static byte[] repeated(byte[] start, byte[] unit, int octets) {
        byte[] message = Arrays.copyOf(start, Math.max(start.length, octets));
        for (int i = start.length; unit.length > 0 && i < octets; i++) {
            message[i] = unit[(i - start.length) % unit.length];
        }
        return message;
    }

    /** The same of texts, as ISO 8859-1. */
    public static byte[] repeated(String start, String unit, int octets) {
        return repeated(start.getBytes(StandardCharsets.ISO_8859_1), unit.getBytes(StandardCharsets.ISO_8859_1),
                octets);
    }

    /**
     * What a fuzz test makes of any octets: a message that begins with those before the first NUL and repeats the
     * others, as the listener hands it over, with CR LF only and without NUL.
     */
    public static byte[] repeated(byte[] octets, int size) {
        int end = 0;
        while (end < octets.length && octets[end] != 0) {
            end++;
        }
        return repeated(lines(octets, 0, end), lines(octets, Math.min(end + 1, octets.length), octets.length), size);
    }

    private static String lines(byte[] octets, int from, int to) {
        return new String(octets, from, to - from, StandardCharsets.ISO_8859_1).replaceAll("[\r\u0000]", "")
                .replace("\n", "\r\n");
    }
}
