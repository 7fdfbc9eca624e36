package dev.postrider.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Files in the repository that hold what the code writes, so that a reviewer sees a change of the output in the diff.
 * With {@code -Dpostrider.write=true} they are written, otherwise compared.
 */
public final class GoldenFiles {
    private static final String SWITCH = "postrider.write";

    private GoldenFiles() {}

    /**
     * Compares a file with what the code writes now, or writes it.
     *
     * @param file relative to the root of the project
     * @param test the test that calls, named in the message that says how to write the file
     */
    public static void check(Path file, String content, Class<?> test) {
        try {
            if (Boolean.getBoolean(SWITCH)) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                Files.writeString(file, content);
                return;
            }
            assertThat(read(file))
                    .as("%s is not what the code writes now. Where the change is meant: %s -D%s=true", file, run(test),
                            SWITCH)
                    .isEqualTo(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(Class<?> test) {
        var name = test.getSimpleName();
        return name.endsWith("IT") ? "mvn verify -Dit.test=" + name : "mvn test -Dtest=" + name;
    }

    private static String read(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException _) {
            return "";
        }
    }
}
