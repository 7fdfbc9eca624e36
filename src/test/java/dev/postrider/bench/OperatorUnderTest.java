package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.testing.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The operator as its own process, as the image runs it. */
final class OperatorUnderTest implements AutoCloseable {
    private final Process process;
    private final Path log;
    private final Thread atEnd;
    private final Duration untilReady;

    private OperatorUnderTest(Process process, Path log, int healthPort, long started) {
        this.process = process;
        this.log = log;
        this.atEnd = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(atEnd);
        awaitReady(healthPort);
        this.untilReady = Duration.ofNanos(System.nanoTime() - started);
    }

    /**
     * Starts the operator and waits until it says that it is ready.
     *
     * @param options of the Java virtual machine
     */
    static OperatorUnderTest start(Path kubeconfig, String namespace, List<String> options) throws IOException {
        var jar = Path.of("target/postrider.jar");
        if (!Files.isReadable(jar)) {
            throw new IllegalStateException(jar + " is not there; bench/operator.sh builds it");
        }
        var port = FreePort.find();
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(options);
        command.addAll(List.of("-jar", jar.toString(), "operator", "--namespace=" + namespace,
                "--health-port=" + port));
        var log = Path.of("target/bench-operator.log");
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        var started = System.nanoTime();
        return new OperatorUnderTest(builder.start(), log, port, started);
    }

    private void awaitReady(int port) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                .timeout(Duration.ofSeconds(1))
                .build();
        try (var http = HttpClient.newHttpClient()) {
            await().atMost(Duration.ofMinutes(1))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .failFast("the operator ended; see " + log, () -> !process.isAlive())
                    .until(() -> http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200);
        }
    }

    /** From the start of the process until {@code /readyz} answered 200. */
    Duration untilReady() {
        return untilReady;
    }

    /** User and system time of the process so far. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
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
            if (!process.waitFor(15, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().removeShutdownHook(atEnd);
    }
}
