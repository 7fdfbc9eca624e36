package dev.postrider.bench;

import static org.awaitility.Awaitility.await;

import dev.postrider.testing.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The operator, started and ready.
 *
 * @param process    the operator
 * @param untilReady from the start of the process until {@code /readyz} answered 200
 * @param startCpu   user and system time of the process until then
 */
record OperatorUnderTest(JarProcess process, Duration untilReady, Duration startCpu) implements AutoCloseable {
    /**
     * Starts the operator and waits until it says that it is ready.
     *
     * @param options of the Java virtual machine
     */
    static OperatorUnderTest start(Path kubeconfig, String namespace, List<String> options) throws IOException {
        var port = FreePort.find();
        var started = System.nanoTime();
        var process = JarProcess.start(options,
                List.of("operator", "--namespace=" + namespace, "--health-port=" + port,
                        "--metrics-port=0"),
                Map.of("KUBECONFIG", kubeconfig.toString()));
        awaitReady(process, port);
        return new OperatorUnderTest(process, Duration.ofNanos(System.nanoTime() - started),
                process.handle().info().totalCpuDuration().orElseThrow());
    }

    private static void awaitReady(JarProcess process, int port) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                .timeout(Duration.ofSeconds(1))
                .build();
        try (var http = HttpClient.newHttpClient()) {
            await().atMost(Duration.ofMinutes(1))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .failFast("the operator ended; see " + process.log(), () -> !process.isAlive())
                    .until(() -> http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
