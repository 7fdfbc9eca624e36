package dev.postrider.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the state of a directory of manifests is. A local mode that runs says so in a place that depends on the directory
 * alone, so that whoever asks for the one of a directory finds it wherever its state is.
 *
 * @param usual where the state is unless somebody wants it elsewhere
 */
public record LocalState(Path usual) {
    private static final Logger LOG = LoggerFactory.getLogger(LocalState.class);
    private static final String RUNNING = "running";

    /** Says that a local mode runs, until it is closed. */
    public interface Announcement extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The one of a directory, below {@code $XDG_STATE_HOME} (XDG Base Directory Specification).
     *
     * @throws IOException if there is no such directory
     */
    public static LocalState of(Path directory) throws IOException {
        String home = System.getenv("XDG_STATE_HOME");
        return of(directory, home == null || home.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(home));
    }

    static LocalState of(Path directory, Path root) throws IOException {
        Path real = directory.toRealPath();
        CRC32C sum = new CRC32C();
        sum.update(real.toString().getBytes(StandardCharsets.UTF_8));
        return new LocalState(root.resolve("postrider")
                .resolve(real.getFileName() + "-" + HexFormat.of().toHexDigits((int) sum.getValue())));
    }

    /** Says where the state is of the local mode that runs in this process. Where that cannot be written, it is logged. */
    public Announcement announce(Path state) {
        Path file = usual.resolve(RUNNING);
        String content = ProcessHandle.current().pid() + " " + state.toAbsolutePath() + "\n";
        try {
            PrivateFiles.write(file, content);
        } catch (IOException e) {
            LOG.warn("commands with --local will not find this local mode, for {} cannot be written: {}", file,
                    e.toString());
        }
        return () -> {
            try {
                // Another may run for the directory since.
                if (Files.exists(file) && Files.readString(file).equals(content)) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                LOG.debug("{} stays", file, e);
            }
        };
    }

    /** Where the state is of the local mode that runs, or ran last. */
    public Path running() throws IOException {
        Path file = usual.resolve(RUNNING);
        if (!Files.exists(file)) {
            return usual;
        }
        String[] words = Files.readString(file).strip().split(" ", 2);
        return words.length == 2 && isAlive(words[0]) ? Path.of(words[1]) : usual;
    }

    private static boolean isAlive(String pid) {
        return pid.matches("[0-9]{1,18}")
                && Optional.of(Long.parseLong(pid))
                        .flatMap(ProcessHandle::of)
                        .filter(ProcessHandle::isAlive)
                        .isPresent();
    }
}
