package dev.postrider.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BoundProcessTest {
    @TempDir
    Path folder;

    @Test
    void closingKillsTheProgramAndNotOnlyTheShellAroundIt() {
        var process = BoundProcess.start("sleep", folder, List.of("sleep", "86399"));
        await().until(() -> sleeper().isPresent());
        var sleeper = sleeper().orElseThrow();

        process.close();

        await().until(() -> !sleeper.isAlive());
        assertThat(process.isRunning()).isFalse();
    }

    @Test
    void aProgramThatEndsIsSeenToEndAndItsLastWordsAreKept() {
        var process = BoundProcess.start("echo", folder, List.of("echo", "no such flag"));

        await().until(() -> !process.isRunning());

        assertThat(process.lastWords()).isEqualTo("echo wrote last:\nno such flag");
    }

    private static Optional<ProcessHandle> sleeper() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").equals("/usr/bin/sleep 86399")
                        || process.info().commandLine().orElse("").equals("sleep 86399"))
                .findFirst();
    }
}
