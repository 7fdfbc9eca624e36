package dev.postrider.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program built from the Go module proxy.
 *
 * @param name of the file
 * @param module folder of {@code src/test/apiserver} whose {@code go.mod} names the versions
 * @param source the package to build
 * @param linkerFlags for {@code go build -ldflags}
 */
record GoProgram(String name, String module, String source, String linkerFlags) {
    private static final Path MODULES = Path.of("src/test/apiserver");
    private static final Duration REPORT = Duration.ofSeconds(15);

    static boolean goIsInstalled() {
        return KubernetesBinaries.onPath("go").isPresent();
    }

    /**
     * Builds the program into a folder and says on the terminal how it goes; a build that breaks off leaves no
     * half-written program behind.
     *
     * @throws IOException with the end of what {@code go build} wrote, when it fails
     */
    void build(Path folder) throws IOException, InterruptedException {
        say("building " + name + " from the Go module proxy, once for this machine (minutes; kept in " + folder + ")");
        var started = Instant.now();
        var workshop = Files.createTempDirectory(folder, name);
        var unfinished = workshop.resolve(name);
        var log = workshop.resolve("log");
        try {
            var go = new ProcessBuilder("nice", "go", "build", "-trimpath", "-mod=readonly", "-ldflags", linkerFlags,
                    "-o", unfinished.toString(), source).directory(MODULES.resolve(module).toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            while (!go.waitFor(REPORT.toMillis(), TimeUnit.MILLISECONDS)) {
                say(name + ": " + Duration.between(started, Instant.now()).toSeconds() + " s");
            }
            if (go.exitValue() != 0) {
                throw new IOException(
                        "go build " + source + " ended with " + go.exitValue() + ":\n" + lastLines(log));
            }
            Files.move(unfinished, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            say(name + " built in " + Duration.between(started, Instant.now()).toSeconds() + " s");
        } finally {
            Files.deleteIfExists(unfinished);
            Files.deleteIfExists(log);
            Files.deleteIfExists(workshop);
        }
    }

    private static String lastLines(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
    }

    private static void say(String line) {
        System.err.println("[postrider] " + line);
    }
}
