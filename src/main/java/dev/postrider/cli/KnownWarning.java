package dev.postrider.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps one warning of the Java runtime from the people who cannot act on it: protobuf, which the evaluation of CEL
 * rules brings, touches {@code sun.misc.Unsafe} once when it is loaded (JEP 498), and goes on without where it is gone.
 */
final class KnownWarning {
    private KnownWarning() {}

    /** Loads what would warn. To be called before there are other threads. */
    static void load() {
        PrintStream err = System.err;
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        try {
            Class.forName("com.google.protobuf.UnsafeUtil");
        } catch (ClassNotFoundException e) {
            // Then there is nothing that would warn.
        } finally {
            System.setErr(err);
        }
    }
}
