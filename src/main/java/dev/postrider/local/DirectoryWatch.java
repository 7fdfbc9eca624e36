package dev.postrider.local;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when something below a directory, or beside one of some other files, has changed and it has been quiet for a
 * moment since.
 */
final class DirectoryWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryWatch.class);

    /** Editors and git write several files, or one file in several steps. */
    private static final Duration QUIET = Duration.ofMillis(200);

    private final Path root;
    private final List<Path> others;
    private final WatchService watch;
    private final Runnable onChange;

    /**
     * @param others files; what is in their directories counts, what is below does not
     * @throws IOException if a directory cannot be watched
     */
    DirectoryWatch(Path root, List<Path> others, Runnable onChange) throws IOException {
        this.root = root;
        this.others = List.copyOf(others);
        this.onChange = onChange;
        this.watch = root.getFileSystem().newWatchService();
        register();
        Thread.ofVirtual().name("directory-watch").start(this::run);
    }

    private void register() throws IOException {
        for (Path other : others) {
            register(Objects.requireNonNullElse(other.toAbsolutePath().getParent(), root));
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                if (!directory.equals(root) && String.valueOf(directory.getFileName()).startsWith(".")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                register(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void register(Path directory) throws IOException {
        directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE,
                StandardWatchEventKinds.ENTRY_MODIFY);
    }

    private void run() {
        try {
            for (WatchKey key = watch.take();; key = watch.take()) {
                while (key != null) {
                    key.pollEvents();
                    key.reset();
                    key = watch.poll(QUIET.toMillis(), TimeUnit.MILLISECONDS);
                }
                register();
                onChange.run();
            }
        } catch (ClosedWatchServiceException | InterruptedException e) {
            LOG.debug("no longer watching {}", root);
        } catch (IOException e) {
            LOG.error("{} can no longer be watched: {}; start again", root, e.toString());
        }
    }

    @Override
    public void close() throws IOException {
        watch.close();
    }
}
