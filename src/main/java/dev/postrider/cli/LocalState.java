package dev.postrider.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Where {@code postrider local} keeps the state of a directory unless it is told otherwise. */
final class LocalState {
    private LocalState() {}

    static Path of(Path directory) throws IOException {
        String home = System.getenv("XDG_STATE_HOME");
        Path root = home == null || home.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(home);
        Path real = directory.toRealPath();
        CRC32C sum = new CRC32C();
        sum.update(real.toString().getBytes(StandardCharsets.UTF_8));
        return root.resolve("postrider")
                .resolve(real.getFileName() + "-" + HexFormat.of().toHexDigits((int) sum.getValue()));
    }
}
