package dev.postrider.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A process and all below it, as proc(5) shows them. */
final class Processes {
    private static final long TICKS_PER_SECOND = 100;

    private Processes() {}

    /** User and system time so far, that of processes below it which have ended included. */
    static Duration cpu(long root) {
        return tree(root).stream().map(pid -> times(pid, 14, 17)).reduce(Duration.ZERO, Duration::plus);
    }

    /** User and system time of those that this process started and that have ended. */
    static Duration ended() {
        return times(ProcessHandle.current().pid(), 16, 17);
    }

    /** Sum of some of the times of a process: fields 14 and 15 are its own, 16 and 17 those of its ended children. */
    private static Duration times(long pid, int first, int last) {
        // What follows the name in parentheses, from the third field on.
        List<String> fields = List.of(read(pid, "stat").replaceFirst("^.*\\) ", "").split(" "));
        long ticks = 0;
        for (int field = first; field <= last && fields.size() > 14; field++) {
            ticks += Long.parseLong(fields.get(field - 3));
        }
        return Duration.ofMillis(ticks * 1000 / TICKS_PER_SECOND);
    }

    /** Ends a process, by force if it goes on after that time. */
    static void end(Process process, Duration patience) {
        process.destroy();
        try {
            process.waitFor(patience);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    /** Ends a process likewise and removes its directory. */
    static void end(Process process, Duration patience, Path directory) throws IOException {
        end(process, patience);
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Memory in MiB: each page that several of them share is counted once, in parts. */
    static long mebibytes(long root) {
        long kibibytes = 0;
        for (long pid : tree(root)) {
            kibibytes += read(pid, "smaps_rollup").lines()
                    .filter(line -> line.startsWith("Pss:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
        return kibibytes / 1024;
    }

    private static List<Long> tree(long root) {
        return Stream
                .concat(Stream.of(root),
                        ProcessHandle.of(root).stream().flatMap(ProcessHandle::descendants).map(ProcessHandle::pid))
                .toList();
    }

    private static String read(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file));
        } catch (IOException _) {
            // It has ended meanwhile; its parent has its times.
            return "";
        }
    }
}
