package dev.postrider.local;

import java.util.Comparator;

/**
 * Something about a manifest that a person should know.
 *
 * @param file     the file, as it was named on the command line or found below a directory named there
 * @param line     from 1
 * @param field    where in the resource, as {@code spec.servers[0].name}; empty when it is about the whole document
 * @param message  what is wrong and what is allowed; never a value of a Secret
 * @param severity whether it must be mended
 */
public record Finding(String file, int line, String field, String message,
        Severity severity) implements Comparable<Finding> {
    private static final Comparator<Finding> ORDER = Comparator.comparing(Finding::file)
            .thenComparingInt(Finding::line)
            .thenComparing(Finding::field)
            .thenComparing(Finding::message);

    /** What comes of it. */
    public enum Severity {
        /** The API server or Postrider would not take it. */
        ERROR,
        /** It may be right where it goes; the files alone cannot tell. */
        WARNING
    }

    @Override
    public int compareTo(Finding other) {
        return ORDER.compare(this, other);
    }

    /** {@code file:line: field: message}. */
    @Override
    public String toString() {
        return file + ":" + line + ": " + (severity == Severity.WARNING ? "warning: " : "")
                + (field.isEmpty() ? "" : field + ": ") + message;
    }
}
