package dev.postrider.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A cache of the jar's classes, loaded and linked (JEP 483, JEP 514). It is made by a run of the operator on a real
 * API server; the other subcommands find in it what they share with the operator. The virtual machine takes no cache of
 * another jar, or of the same jar built again, and then runs without.
 */
final class AotCache {
    static final Path FILE = Path.of("target/postrider.aot");
    private static final Path JAR = Path.of("target/postrider.jar");
    private static final int ORGANIZATIONS = 100;

    private AotCache() {}

    /** Makes it, whether or not it is there. */
    public static void main(String[] arguments) throws Exception {
        make();
        System.exit(0);
    }

    /** Makes it unless it is newer than the jar. */
    static void ensure() throws Exception {
        if (!Files.exists(FILE) || Files.getLastModifiedTime(FILE).compareTo(Files.getLastModifiedTime(JAR)) < 0) {
            make();
        }
    }

    private static void make() throws Exception {
        System.out.println("making " + FILE + " with " + ORGANIZATIONS + " organizations ...");
        Files.deleteIfExists(FILE);
        var options = Stream.concat(OperatorBenchmark.CHART_OPTIONS.stream(), Stream.of("-XX:AOTCacheOutput=" + FILE));
        // The virtual machine writes the file as it ends.
        if (!OperatorBenchmark.run(ORGANIZATIONS, options.toList()) || !Files.exists(FILE)) {
            throw new IOException(FILE + " was not made; see target/bench-operator.log");
        }
        System.out.println("made " + FILE + ", " + Files.size(FILE) / 1024 / 1024 + " MiB\n");
    }
}
