package dev.postrider.relay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Bounds the memory of processes as a container's limit does: by a control group where this machine lets one be made,
 * else by telling the virtual machine alone how much there is.
 */
final class MemoryLimit implements AutoCloseable {
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");

    private final long octets;
    private final Optional<Path> group;

    private MemoryLimit(long octets, Optional<Path> group) {
        this.octets = octets;
        this.group = group;
    }

    static MemoryLimit of(long octets) throws IOException {
        Optional<Path> group = Optional.empty();
        for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
            // number:controllers:path, the second version without controllers
            String[] words = line.split(":", 3);
            Path own = Path.of(words[2]);
            if (words[1].equals("memory")) {
                group = make(GROUPS.resolve("memory"), own, "memory.limit_in_bytes", octets);
            } else if (words[1].isEmpty() && group.isEmpty()) {
                group = make(GROUPS, own, "memory.max", octets);
            }
        }
        return new MemoryLimit(octets, group);
    }

    private static Optional<Path> make(Path root, Path own, String limit, long octets) {
        Path group = root.resolve(Path.of("/").relativize(own)).resolve("postrider-" + UUID.randomUUID());
        try {
            Files.createDirectory(group);
        } catch (IOException e) {
            return Optional.empty();
        }
        try {
            if (Files.exists(group.resolve(limit))) {
                Files.writeString(group.resolve(limit), Long.toString(octets));
                return Optional.of(group);
            }
            Files.delete(group);
        } catch (IOException e) {
            remove(group);
        }
        return Optional.empty();
    }

    private static void remove(Path group) {
        try {
            Files.deleteIfExists(group);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What bounds it, for people. */
    String how() {
        return group.isPresent()
                ? "a control group of " + (octets >> 20) + " MiB"
                : "-XX:MaxRAM=" + (octets >> 20) + "m, for no control group can be made here";
    }

    /** A command of Java that runs within the bound, under the same process id. */
    List<String> bound(List<String> java) {
        List<String> command = new ArrayList<>();
        if (group.isPresent()) {
            command.addAll(List.of("sh", "-c", "echo $$ > \"$0\" && exec \"$@\"",
                    group.get().resolve("cgroup.procs").toString()));
            command.addAll(java);
        } else {
            command.addAll(java);
            command.add(1, "-XX:MaxRAM=" + octets);
        }
        return command;
    }

    /** To be called when its processes have ended. */
    @Override
    public void close() {
        group.ifPresent(MemoryLimit::remove);
    }
}
