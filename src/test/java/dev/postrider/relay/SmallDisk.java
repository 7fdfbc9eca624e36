package dev.postrider.relay;

import dev.postrider.testing.CommandResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A file system of a few MiB in memory. */
public final class SmallDisk implements AutoCloseable {
    private final Path directory;
    private final boolean mounted;

    private SmallDisk(Path directory, boolean mounted) {
        this.directory = directory;
        this.mounted = mounted;
    }

    public static SmallDisk mount(Path directory, int mebioctets) throws IOException {
        Files.createDirectories(directory);
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + mebioctets + "m", "tmpfs", directory.toString());
        System.out.println("small disk: " + (mounted
                ? "a tmpfs of " + mebioctets + " MiB"
                : "this user may not mount one, so what happens on a full one is not tried"));
        return new SmallDisk(directory, mounted);
    }

    public Path directory() {
        return directory;
    }

    public boolean isMounted() {
        return mounted;
    }

    /** Leaves no room. */
    void fill() throws IOException {
        FileStore store = Files.getFileStore(directory);
        byte[] block = new byte[64 * 1024];
        try (OutputStream out = Files.newOutputStream(directory.resolve("filler"))) {
            while (store.getUsableSpace() > 0) {
                out.write(block, 0, (int) Math.min(block.length, store.getUsableSpace()));
            }
        }
    }

    void clear() throws IOException {
        Files.delete(directory.resolve("filler"));
    }

    private static boolean run(String... command) {
        return CommandResult.run(Path.of("."), Map.of(), "", List.of(command)).exitCode() == 0;
    }

    @Override
    public void close() {
        if (mounted) {
            run("umount", "-l", directory.toString());
        }
    }
}
