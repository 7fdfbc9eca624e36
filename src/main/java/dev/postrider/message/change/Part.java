package dev.postrider.message.change;

import dev.postrider.message.change.PatchedMessage.Patch;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.ParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A part, or a whole message, in its place in the message. */
final class Part {
    private static final Set<String> WHOLE = Set.of("signed", "encrypted", "report");
    /** Deeper than this, what is inside of a part is left as it is. */
    private static final int DEEPEST = 20;
    private static final String TYPE = "content-type";

    /** Of the delimiter in front of it. */
    long delimiter;
    /** Of the line that ends its header. */
    long headerEnd;
    long start;
    long end;
    /** Of its last delimiter, or of where that is missing. */
    long close;
    boolean closed;
    final Map<String, String> fields = new LinkedHashMap<>();
    final List<Patch> content = new ArrayList<>();
    boolean hasVersion;
    boolean isKept;
    String type = "text/plain";
    Optional<String> boundary = Optional.empty();
    final List<Part> parts = new ArrayList<>();

    boolean isOpened() {
        return boundary.isPresent();
    }

    String kind() {
        return type.substring(type.indexOf('/') + 1);
    }

    void understand(int depth) {
        String written = fields.getOrDefault(TYPE, type);
        try {
            ContentType parsed = new ContentType(written);
            type = parsed.getBaseType().toLowerCase(Locale.ROOT);
            if (depth < DEEPEST && type.startsWith("multipart/") && !WHOLE.contains(kind())) {
                boundary = Optional.ofNullable(parsed.getParameter("boundary")).filter(Boundaries::isBoundary);
            }
        } catch (ParseException e) {
            type = written.strip().toLowerCase(Locale.ROOT);
        }
    }
}
