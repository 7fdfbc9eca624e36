package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that ends with this virtual machine, also when that is killed: a shell between the two waits for the end
 * of its standard input, which the system closes in any case.
 */
public final class BoundProcess implements AutoCloseable {
    private static final String BIND = """
            exec 3<&0
            "$@" 3<&- &
            program=$!
            { read -r _ <&3; kill -KILL $program; } &
            guard=$!
            exec 3<&-
            wait $program
            code=$?
            kill $guard
            exit $code
            """;

    private final String name;
    private final Process shell;
    private final Path log;

    private BoundProcess(String name, Process shell, Path log) {
        this.name = name;
        this.shell = shell;
        this.log = log;
    }

    /** Starts a program in a directory; what it writes goes to {@code <name>.log} there. */
    public static BoundProcess start(String name, Path directory, List<String> program) {
        var command = new ArrayList<>(List.of("/bin/sh", "-c", BIND, name));
        command.addAll(program);
        var log = directory.resolve(name + ".log");
        try {
            var shell = new ProcessBuilder(command).directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new BoundProcess(name, shell, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean isRunning() {
        return shell.isAlive();
    }

    /** The end of what the program wrote, for a message. */
    public String lastWords() {
        try {
            var lines = Files.readAllLines(log);
            return name + " wrote last:\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        kill();
    }

    /** Stops it as a node without breath does, until it is let go on. */
    public void suspend() {
        signal("STOP");
    }

    /** Lets it go on after {@link #suspend}. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String signal) {
        // The shell that watches over it must go on.
        String program = shell.children()
                .filter(child -> child.info().command().filter(command -> command.endsWith("java")).isPresent())
                .map(child -> Long.toString(child.pid()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(name + " is no Java program that runs"));
        try {
            new ProcessBuilder("kill", "-" + signal, program).inheritIO().start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Kills the program (SIGKILL) and waits until it is gone. */
    public void kill() {
        try {
            shell.getOutputStream().close();
            if (!shell.waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name + " is still there 10 s after it was killed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
