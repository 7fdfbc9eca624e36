package dev.postrider.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The machine that figures are from; without it they say nothing. */
final class Machine {
    private Machine() {}

    static String description() {
        return "%d cores (%s), %d GiB memory, %s %s, Java %s (%s)".formatted(
                Runtime.getRuntime().availableProcessors(), processor(), memory(), System.getProperty("os.name"),
                System.getProperty("os.version"), System.getProperty("java.version"),
                System.getProperty("java.vendor"));
    }

    /** The average number of programs that wanted to run in the last minute. */
    static String load() {
        return String.format(Locale.ROOT, "%.1f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static String processor() {
        return entry("/proc/cpuinfo", "model name");
    }

    private static long memory() {
        return Math.round(Long.parseLong(entry("/proc/meminfo", "MemTotal").replaceAll("\\D", "")) / 1024.0 / 1024.0);
    }

    private static String entry(String file, String key) {
        try (var lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("0");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
