package dev.postrider.cli;

import java.lang.reflect.Field;

/**
 * Keeps one warning of the Java runtime (JEP 498) from people who cannot act on it: protobuf, which the evaluation of
 * CEL rules brings, looks at {@code sun.misc.Unsafe} when it is loaded, and does without where it is gone.
 */
final class KnownWarning {
    private KnownWarning() {}

    /** Has the runtime believe that it has warned already. Where that is not to be had, it warns. */
    static void hide() {
        try {
            Field warned = Class.forName("sun.misc.Unsafe").getDeclaredField("memoryAccessWarned");
            warned.setAccessible(true);
            warned.setBoolean(null, true);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return;
        }
    }
}
