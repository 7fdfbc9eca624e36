package dev.postrider.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** PostgreSQL's programs for Linux on x86-64, as Maven brings them in an archive. */
final class PostgresBinaries {
    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

    private PostgresBinaries() {}

    /** Unpacks them into a new directory, readable by all users. */
    static Path extracted() throws IOException {
        Path directory = Files.createTempDirectory("postgres-programs");
        Path archive = directory.resolve("postgres.txz");
        try (InputStream in = PostgresBinaries.class.getResourceAsStream(ARCHIVE)) {
            if (in == null) {
                throw new IOException("there is no PostgreSQL here: install it (on Debian: postgresql)");
            }
            Files.copy(in, archive, StandardCopyOption.REPLACE_EXISTING);
        }
        run(directory, List.of("tar", "-xJf", archive.toString(), "-C", directory.toString()));
        run(directory, List.of("chmod", "-R", "a+rX", directory.toString()));
        return directory;
    }

    static void run(Path directory, List<String> command) {
        CommandResult result = CommandResult.run(directory, Map.of("LC_ALL", "C"), "", command);
        if (result.exitCode() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed: " + result.out() + result.err());
        }
    }
}
