package dev.postrider.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Programs that {@code src/test/programs/build} builds from the Go module proxy, once for a machine. */
public final class GoPrograms {
    private static final Path BUILD = Path.of("src/test/programs/build");

    private GoPrograms() {}

    static boolean goIsInstalled() {
        return InstalledProgram.GO.isUsable();
    }

    /** Whether a folder holds the programs, which are built where Go is installed; what comes of that is printed. */
    static boolean areIn(Path folder, List<String> programs) {
        if (missing(folder, programs).isEmpty()) {
            return true;
        }
        if (!goIsInstalled()) {
            return false;
        }
        var command = new ArrayList<>(List.of(BUILD.toAbsolutePath().toString(), folder.toString()));
        command.addAll(programs);
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while building " + programs, e);
        }
    }

    /**
     * A program of a module that is in the cache, or is built into it where Go is installed. What the module is changed
     * to is another program.
     */
    public static Optional<Path> cached(String module, String program) {
        Path folder = KubernetesBinaries.userCache().resolve(module).resolve(digest(BUILD.resolveSibling(module)));
        return areIn(folder, List.of(program)) ? Optional.of(folder.resolve(program)) : Optional.empty();
    }

    private static String digest(Path module) {
        try (var files = Files.list(module)) {
            var digest = MessageDigest.getInstance("SHA-256");
            for (var file : files.sorted().toList()) {
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<String> missing(Path folder, List<String> programs) {
        return programs.stream().filter(program -> !Files.isExecutable(folder.resolve(program))).toList();
    }
}
