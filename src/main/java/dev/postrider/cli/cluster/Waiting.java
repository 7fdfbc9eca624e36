package dev.postrider.cli.cluster;

import dev.postrider.cli.terminal.Progress;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Looks again and again until something is so. */
final class Waiting {
    private static final Duration INTERVAL = Duration.ofMillis(250);

    private Waiting() {}

    /**
     * What came within the time; empty if nothing did.
     *
     * @param look     asked four times a second
     * @param progress told before each wait
     */
    static <T> Optional<T> until(Duration timeout, Supplier<Optional<T>> look, Progress progress,
            Supplier<String> what) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            Optional<T> found = look.get();
            if (found.isPresent() || System.nanoTime() - end >= 0) {
                return found;
            }
            progress.show(what.get());
            Thread.sleep(INTERVAL);
        }
    }
}
