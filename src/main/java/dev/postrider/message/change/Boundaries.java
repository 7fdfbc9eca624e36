package dev.postrider.message.change;

import dev.postrider.message.header.MessageLines;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The boundaries of the multiparts that a line of a message is in, the innermost last. What a line costs does not grow
 * with how many there are.
 */
final class Boundaries {
    /** A longer one is not a boundary (RFC 2046 section 5.1.1). */
    static final int LONGEST = 70;
    /** Of a line that may be a delimiter; it may have spaces at its end. */
    static final int MOST_OF_LINE = 512;

    private final List<Open> open = new ArrayList<>();
    private final Map<String, Integer> innermost = new HashMap<>();

    /** @param outer where the same boundary is open further out, or -1 */
    private record Open(String boundary, int outer) {}

    /**
     * A line between parts.
     *
     * @param depth of the multipart that it is of, from 0
     * @param ends  whether it is the last of that
     */
    record Delimiter(int depth, boolean ends) {
        /** Any other line. */
        static final Delimiter NONE = new Delimiter(-1, false);
    }

    static boolean isBoundary(String text) {
        return !text.isEmpty() && text.length() <= LONGEST && text.equals(text.stripTrailing());
    }

    int depth() {
        return open.size();
    }

    /** Goes into a multipart. */
    void open(String boundary) {
        Integer outer = innermost.put(boundary, open.size());
        open.add(new Open(boundary, outer == null ? -1 : outer));
    }

    /** Goes back out until only so many are left. */
    void close(int left) {
        while (open.size() > left) {
            Open last = open.removeLast();
            if (last.outer < 0) {
                innermost.remove(last.boundary);
            } else {
                innermost.put(last.boundary, last.outer);
            }
        }
    }

    /** What a line is. Where several multiparts have such a delimiter, it is the innermost's. */
    Delimiter delimiter(MessageLines lines) {
        if (open.isEmpty() || !lines.hasDashes()) {
            return Delimiter.NONE;
        }
        String text = new String(lines.octets(), StandardCharsets.ISO_8859_1).substring(2).stripTrailing();
        if (text.length() > LONGEST + 2) {
            return Delimiter.NONE;
        }
        int begins = innermost.getOrDefault(text, -1);
        int ends = text.endsWith("--") ? innermost.getOrDefault(text.substring(0, text.length() - 2), -1) : -1;
        return begins < 0 && ends < 0 ? Delimiter.NONE : new Delimiter(Math.max(begins, ends), ends > begins);
    }
}
