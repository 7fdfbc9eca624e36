package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A server that speaks the API of Amazon S3 and checks signatures (versitygw), with one bucket in a directory. */
public final class S3Server implements AutoCloseable {
    public static final String BUCKET = "attachments";
    public static final String ACCESS_KEY = "AKIAPOSTRIDERTEST";
    public static final String SECRET_KEY = "a key that no log may show";
    /** As in {@code src/test/programs/versitygw/go.mod}. */
    private static final String VERSION = "v1.8.0";

    private final Path program;
    private final Path directory;
    private final int port = FreePort.find();
    private BoundProcess process;

    private S3Server(Path program, Path directory) throws IOException {
        this.program = program;
        this.directory = directory;
        Files.createDirectories(directory.resolve("data").resolve(BUCKET));
        this.process = run();
    }

    /** Starts one, if it was built before or Go is here to build it; what it is, is said. */
    public static Optional<S3Server> start(Path directory) throws IOException, InterruptedException {
        Path cache = Path.of(System.getProperty("user.home"), ".cache/postrider/versitygw").resolve(VERSION);
        if (!GoPrograms.areIn(cache, List.of("versitygw"))) {
            System.out.println("S3 for tests: none, for there is no Go to build versitygw with");
            return Optional.empty();
        }
        System.out.println("S3 for tests: versitygw " + VERSION);
        return Optional.of(new S3Server(cache.resolve("versitygw"), directory));
    }

    private BoundProcess run() throws IOException {
        var started = BoundProcess.start("versitygw", directory, List.of(program.toString(), "--port",
                "127.0.0.1:" + port, "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--quiet", "posix",
                directory.resolve("data").toString()));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!started.isRunning()) {
                throw new IllegalStateException(started.lastWords());
            }
            return accepts();
        });
        return started;
    }

    private boolean accepts() {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** A directory with keys, as a Secret is mounted. */
    public static Path credentials(Path directory, String secretKey) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("access-key-id"), ACCESS_KEY + "\n");
        Files.writeString(directory.resolve("secret-access-key"), secretKey + "\n");
        return directory;
    }

    /** Keys of what is in the bucket. */
    public List<String> keys() throws IOException {
        Path bucket = directory.resolve("data").resolve(BUCKET);
        try (Stream<Path> files = Files.walk(bucket)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> bucket.relativize(file).toString())
                    .filter(key -> !key.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    public void stop() {
        process.close();
    }

    public void startAgain() throws IOException {
        process = run();
    }

    @Override
    public void close() {
        process.close();
    }
}
