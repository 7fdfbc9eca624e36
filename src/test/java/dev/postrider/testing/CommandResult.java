package dev.postrider.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What a program said and how it ended. */
public record CommandResult(int exitCode, String out, String err) {
    /**
     * Runs a program to its end.
     *
     * @param environment added to this process's own
     * @param input what the program reads from standard input
     * @throws UncheckedIOException when the program cannot be started
     */
    public static CommandResult run(Path directory, Map<String, String> environment, String input,
            List<String> command) {
        var builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().putAll(environment);
        try {
            var process = builder.start();
            var err = CompletableFuture.supplyAsync(() -> read(process.getErrorStream()), Thread::startVirtualThread);
            var in = CompletableFuture.runAsync(() -> write(process, input), Thread::startVirtualThread);
            var out = read(process.getInputStream());
            in.join();
            return new CommandResult(process.waitFor(), out, err.join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + command.getFirst() + " ran", e);
        }
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Process process, String input) {
        try (var stream = process.getOutputStream()) {
            stream.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException _) {
            // The program ended without reading all of it; its exit code tells.
        }
    }
}
