package dev.postrider.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A subcommand of the jar as its own process, as the image runs it. */
final class JarProcess implements AutoCloseable {
    private final Process process;
    private final Path log;
    private final Thread atEnd;

    private JarProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.atEnd = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(atEnd);
    }

    /**
     * Starts it; what it writes goes to {@code target/bench-<subcommand>.log}.
     *
     * @param options of the Java virtual machine
     * @param command the subcommand and its arguments
     */
    static JarProcess start(List<String> options, List<String> command, Map<String, String> environment)
            throws IOException {
        var jar = Path.of("target/postrider.jar");
        if (!Files.isReadable(jar)) {
            throw new IllegalStateException(jar + " is not there; bench/operator.sh builds it");
        }
        var line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        line.addAll(options);
        line.addAll(List.of("-jar", jar.toString()));
        line.addAll(command);
        var log = Path.of("target/bench-" + command.getFirst() + ".log");
        var builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        return new JarProcess(builder.start(), log);
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Path log() {
        return log;
    }

    /** Resident memory in MiB, now ({@code VmRSS}) or at its highest ({@code VmHWM}); proc(5). */
    long mebibytes(String what) {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith(what + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().removeShutdownHook(atEnd);
    }
}
