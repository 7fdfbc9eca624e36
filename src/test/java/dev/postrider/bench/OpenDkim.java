package dev.postrider.bench;

import dev.postrider.route.DkimKey;
import dev.postrider.testing.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/** OpenDKIM of the machine's own package, which signs what a Postfix hands it (milter), as Postrider does. */
record OpenDkim(Process process, Path directory, int port) implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/opendkim");

    static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    /** Starts one that signs with a key. */
    static OpenDkim start(DkimKey key) throws IOException {
        int port = FreePort.find();
        // It reads nothing below a directory that others may write to.
        Path directory = Files.createTempDirectory(Path.of("/run"), "opendkim");
        Path pem = Files.writeString(directory.resolve("key"), key.privateKey());
        Files.setPosixFilePermissions(pem, PosixFilePermissions.fromString("rw-------"));
        Path configuration = Files.writeString(directory.resolve("opendkim.conf"), """
                Syslog no
                Mode s
                Canonicalization relaxed/relaxed
                Domain %s
                Selector %s
                KeyFile %s
                Socket inet:%d@127.0.0.1
                PidFile %s/pid
                """.formatted(key.domain(), key.selector(), pem, port, directory));
        Process process = new ProcessBuilder(List.of(PROGRAM.toString(), "-f", "-x", configuration.toString()))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        Ports.awaitOpen(port);
        return new OpenDkim(process, directory, port);
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        Processes.end(process, Duration.ofSeconds(10), directory);
    }
}
