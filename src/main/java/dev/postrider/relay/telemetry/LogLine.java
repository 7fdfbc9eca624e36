package dev.postrider.relay.telemetry;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A line of the log about one message: its id, what happened, and fields as {@code key=value}. A value that holds
 * more than plain characters is quoted, so that nothing in it can look like another field or another line.
 */
public final class LogLine {
    private final StringBuilder line = new StringBuilder();

    private LogLine(String id, String what) {
        line.append(id).append(' ').append(what);
    }

    public static LogLine of(String id, String what) {
        return new LogLine(id, what);
    }

    public LogLine with(String key, Object value) {
        line.append(' ').append(key).append('=');
        String text = value.toString();
        if (isPlain(text)) {
            line.append(text);
        } else {
            quote(text);
        }
        return this;
    }

    /** Nothing, where there is no value. */
    public LogLine with(String key, Optional<?> value) {
        value.ifPresent(present -> with(key, present));
        return this;
    }

    /** Seconds, to the millisecond. */
    public LogLine with(String key, Duration duration) {
        long millis = Math.max(0, duration.toMillis());
        String fraction = Long.toString(1000 + millis % 1000);
        return with(key, millis / 1000 + "." + fraction.substring(1));
    }

    /** An address in angle brackets, as in the envelope. */
    public LogLine address(String key, String address) {
        return with(key, "<" + address + ">");
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isPlain(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static boolean isPlain(char character) {
        return character > ' ' && character != '"' && character != '\\' && character != '='
                && (character < 127 || !isUnprintable(character));
    }

    private static boolean isUnprintable(int character) {
        return switch (Character.getType(character)) {
            // Also what turns the direction of text, or ends a line for some readers.
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR, Character.UNASSIGNED, Character.PRIVATE_USE ->
                true;
            default -> false;
        };
    }

    private void quote(String text) {
        line.append('"');
        text.codePoints().forEach(character -> {
            switch (character) {
                case '"', '\\' -> line.append('\\').appendCodePoint(character);
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (isUnprintable(character)) {
                        line.append(String.format(Locale.ROOT, "\\u{%x}", character));
                    } else {
                        line.appendCodePoint(character);
                    }
                }
            }
        });
        line.append('"');
    }

    @Override
    public String toString() {
        return line.toString();
    }
}
