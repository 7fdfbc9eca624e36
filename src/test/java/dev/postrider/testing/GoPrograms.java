package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs that {@code src/test/programs/build} builds from the Go module proxy, once for a machine. */
final class GoPrograms {
    private static final Path BUILD = Path.of("src/test/programs/build");

    private GoPrograms() {}

    static boolean goIsInstalled() {
        return KubernetesBinaries.onPath("go").isPresent();
    }

    /** Whether a folder holds the programs, which are built where Go is installed; what comes of that is printed. */
    static boolean areIn(Path folder, List<String> programs) {
        if (missing(folder, programs).isEmpty()) {
            return true;
        }
        if (!goIsInstalled()) {
            return false;
        }
        var command = new ArrayList<>(List.of(BUILD.toAbsolutePath().toString(), folder.toString()));
        command.addAll(programs);
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while building " + programs, e);
        }
    }

    static List<String> missing(Path folder, List<String> programs) {
        return programs.stream().filter(program -> !Files.isExecutable(folder.resolve(program))).toList();
    }
}
