package dev.postrider.plan;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Durations as the resources write them: {@code 500ms}, {@code 60s}, {@code 5m}, {@code 1h}. */
final class Durations {
    private Durations() {}

    /**
     * Reads one.
     *
     * @param text what the schema's pattern let through, or nothing
     */
    static Duration read(@Nullable String text, Duration otherwise) {
        if (text == null) {
            return otherwise;
        }
        if (text.endsWith("ms")) {
            return Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)));
        }
        return Duration.parse("PT" + text);
    }

    /** Writes one for people: {@code 312ms}, {@code 4.2s}. */
    static String write(Duration duration) {
        long millis = duration.toMillis();
        return millis < 1000 ? millis + "ms" : "%d.%ds".formatted(millis / 1000, millis % 1000 / 100);
    }
}
