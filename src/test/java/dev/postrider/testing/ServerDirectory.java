package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The temporary directory of a server that a test starts, with its configuration, its data and its logs. */
record ServerDirectory(Path path) implements AutoCloseable {

    static ServerDirectory create(String name) throws IOException {
        return new ServerDirectory(Files.createTempDirectory(name));
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** What is in a file, or in all files of a directory one after the other; nothing if it is not there. */
    String text(String name) {
        Path file = resolve(name);
        if (!Files.exists(file)) {
            return "";
        }
        try (Stream<Path> files = Files.walk(file)) {
            StringBuilder text = new StringBuilder();
            for (Path each : files.filter(Files::isRegularFile).sorted().toList()) {
                text.append(Files.readString(each));
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes it with all that is in it. */
    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
