package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Reason;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Something worth an Event.
 *
 * @param warning whether a person should look
 * @param reason  what it is about
 * @param message for people, at most {@value #MAX_MESSAGE} octets of UTF-8
 */
public record Notice(boolean warning, Reason reason, String message) {
    /** The most octets that the API server takes as the note of an Event. */
    public static final int MAX_MESSAGE = 1024;

    private static final String CUT = "…";

    public Notice {
        byte[] utf8 = message.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > MAX_MESSAGE) {
            int end = MAX_MESSAGE - octets(CUT);
            while ((utf8[end] & 0xC0) == 0x80) {
                end--;
            }
            message = new String(utf8, 0, end, StandardCharsets.UTF_8) + CUT;
        }
    }

    static Notice normal(Reason reason, String message) {
        return new Notice(false, reason, message);
    }

    static Notice warning(Reason reason, String message) {
        return new Notice(true, reason, message);
    }

    /** That a condition is as it is, which this version has set. */
    static Notice warning(Condition told) {
        return warning(Reason.of(told.reason()).orElseThrow(), told.message());
    }

    /** With as many of the last lines of a dialogue as there is room for: its end tells most. */
    static Notice warning(Reason reason, String message, String dialogue) {
        List<String> lines = dialogue.lines().toList();
        String whole = message;
        for (int from = 0; from < lines.size(); from++) {
            String end = String.join("\n", lines.subList(from, lines.size()));
            whole = message + "\n" + (from == 0 ? "" : CUT + "\n") + end;
            if (octets(whole) <= MAX_MESSAGE) {
                break;
            }
            whole = message;
        }
        return warning(reason, whole);
    }

    private static int octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
