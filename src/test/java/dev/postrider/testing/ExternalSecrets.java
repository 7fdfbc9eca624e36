package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * external-secrets, another operator that makes a Secret for each of its resources, with the provider that needs no other
 * machine. It works as fast as it can: its client has no limits, and it reconciles as many at a time as Postrider.
 */
public final class ExternalSecrets implements AutoCloseable {
    /** As in {@code src/test/programs/external-secrets/go.mod}. */
    public static final String VERSION = "v0.20.4";
    private static final String MODULE = "github.com/external-secrets/external-secrets";
    private static final String PROGRAM = "external-secrets";
    private static final int AT_A_TIME = 16;

    private final BoundProcess process;

    private ExternalSecrets(BoundProcess process) {
        this.process = process;
    }

    /**
     * Installs its kinds and starts it, if it was built before or Go is here to build it; it is ready then.
     *
     * @param directory for what it writes
     */
    public static Optional<ExternalSecrets> start(ApiServer api, Path directory) throws IOException {
        Optional<Path> program = GoPrograms.cached(PROGRAM, PROGRAM);
        Optional<Path> source = program.flatMap(_ -> GoModules.folder(MODULE, VERSION));
        if (source.isEmpty()) {
            return Optional.empty();
        }
        installKinds(api, source.get().resolve("config/crds/bases"));
        int port = FreePort.find();
        var process = BoundProcess.start(PROGRAM, directory, List.of("env", "KUBECONFIG=" + api.kubeconfig(),
                program.get().toString(), "--client-qps=100000", "--client-burst=100000", "--concurrent=" + AT_A_TIME,
                "--metrics-addr=0", "--live-addr=127.0.0.1:" + port));
        await().atMost(Duration.ofMinutes(2)).until(() -> {
            if (!process.isRunning()) {
                throw new IllegalStateException(process.lastWords());
            }
            return accepts(port);
        });
        return Optional.of(new ExternalSecrets(process));
    }

    private static void installKinds(ApiServer api, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.getFileName().toString().contains("external-secrets.io_")).toList()) {
                var applied = api.kubectl("apply", "--server-side", "-f", file.toString());
                if (applied.exitCode() != 0) {
                    throw new IllegalStateException(applied.err());
                }
            }
        }
        var established = api.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
        if (established.exitCode() != 0) {
            throw new IllegalStateException(established.err());
        }
    }

    private static boolean accepts(int port) {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Its process, among those that this one has started. */
    public ProcessHandle handle() {
        return ProcessHandle.current()
                .descendants()
                .filter(some -> some.info().command().orElse("").endsWith("/" + PROGRAM))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(process.lastWords()));
    }

    @Override
    public void close() {
        process.close();
    }
}
