package dev.postrider.route;

import java.time.Duration;
import java.util.regex.Pattern;

/** Durations as resources and settings write them, and as people read them: {@code 500ms}, {@code 60s}, {@code 5m}. */
public final class Durations {
    /** As a regular expression. */
    public static final String FORM = "[0-9]{1,9}(ms|s|m|h)";

    private static final Pattern DURATION = Pattern.compile(FORM);

    private Durations() {}

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if it is not a whole number with one of the units ms, s, m and h
     */
    public static Duration read(String text) {
        if (!DURATION.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "\"%s\" is no duration; write a whole number with ms, s, m or h, such as 15s".formatted(text));
        }
        return text.endsWith("ms")
                ? Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)))
                : Duration.parse("PT" + text);
    }

    /** Writes one with what matters of it: {@code 312ms}, {@code 4.2s}, {@code 5m}, {@code 1m30s}, {@code 1h}. */
    public static String write(Duration duration) {
        if (duration.toMillis() < 1000) {
            return duration.toMillis() + "ms";
        }
        StringBuilder text = new StringBuilder();
        if (duration.toHours() > 0) {
            text.append(duration.toHours()).append('h');
        }
        if (duration.toMinutesPart() > 0) {
            text.append(duration.toMinutesPart()).append('m');
        }
        int tenths = duration.toMillisPart() / 100;
        if (duration.toSecondsPart() > 0 || tenths > 0) {
            text.append(duration.toSecondsPart()).append(tenths == 0 ? "" : "." + tenths).append('s');
        }
        return text.toString();
    }
}
