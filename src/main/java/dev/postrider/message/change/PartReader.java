package dev.postrider.message.change;

import dev.postrider.message.change.Boundaries.Delimiter;
import dev.postrider.message.change.MessageParts.TooComplexException;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MessageLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the parts of a message in its lines, which it goes through once. Parts that belong together by a signature or
 * encryption (RFC 1847), and reports (RFC 6522), are one.
 */
final class PartReader {
    private static final int MOST_PARTS = 1000;
    private static final int MOST_OF_FIELD = 16 * 1024;
    /** Octets of all fields that say what parts are. */
    private static final int MOST_OF_FIELDS = 256 * 1024;
    private static final Set<String> OF_THE_CONTENT = Set.of("content-type", "content-transfer-encoding",
            "content-disposition", "content-id", "content-description", "content-location", "content-md5",
            "content-language");

    private final MessageLines lines;
    private final Boundaries boundaries = new Boundaries();
    /** The multiparts whose boundaries these are. */
    private final List<Part> open = new ArrayList<>();
    private int parts;
    private int octetsOfFields;

    PartReader(MessageLines lines) {
        this.lines = lines;
    }

    /** Reads to the end; the message itself is the part that holds all others. */
    Part read() throws IOException, TooComplexException {
        Part message = new Part();
        Optional<Part> current = Optional.of(message);
        boolean more = header(message);
        long before = message.start;
        while (more) {
            Delimiter delimiter = boundaries.delimiter(lines);
            if (delimiter.depth() >= 0) {
                long end = before;
                current.ifPresent(part -> part.end = Math.max(part.start, end));
                leave(delimiter.depth() + 1, lines.start(), end);
                Part within = open.getLast();
                current = delimiter.ends() ? Optional.empty() : Optional.of(new Part());
                if (delimiter.ends()) {
                    within.close = lines.start();
                    within.closed = true;
                    leave(delimiter.depth(), lines.start(), lines.end());
                } else {
                    within.parts.add(current.get());
                    current.get().delimiter = lines.start();
                    count();
                    more = header(current.get());
                    before = current.get().start;
                    continue;
                }
            }
            before = lines.end() - lines.lineEnd();
            more = lines.next(Boundaries.MOST_OF_LINE);
        }
        long end = lines.end();
        current.ifPresent(part -> part.end = end);
        leave(0, end, end);
        message.end = end;
        return message;
    }

    private void count() throws TooComplexException {
        if (++parts > MOST_PARTS) {
            throw new TooComplexException("it has more than " + MOST_PARTS + " parts");
        }
    }

    /** Goes out of multiparts; those that were not closed end here. */
    private void leave(int left, long close, long end) {
        while (open.size() > left) {
            Part last = open.removeLast();
            if (!last.closed) {
                last.close = close;
            }
            last.end = Math.max(last.start, end);
        }
        boundaries.close(left);
    }

    /**
     * Reads the header that begins with the next line.
     *
     * @return whether there is a line after it, at which the lines stand then
     */
    private boolean header(Part node) throws IOException, TooComplexException {
        HeaderFields fields = new HeaderFields(lines, MOST_OF_FIELD, () -> boundaries.delimiter(lines).depth() >= 0);
        while (fields.next()) {
            add(node, fields);
        }
        boolean more = fields.isFollowed();
        node.headerEnd = fields.end();
        node.start = node.headerEnd;
        if (fields.isSeparated()) {
            node.start = lines.end();
            more = lines.next(Boundaries.MOST_OF_LINE);
        }
        node.understand(open.size());
        node.boundary.ifPresent(boundary -> {
            boundaries.open(boundary);
            open.add(node);
        });
        return more;
    }

    private void add(Part node, HeaderFields field) throws TooComplexException {
        String name = field.name();
        node.hasVersion |= name.equals("mime-version");
        node.isKept |= name.equalsIgnoreCase(MessageParts.KEEP_FIELD) && field.text().equals(MessageParts.KEPT);
        if (OF_THE_CONTENT.contains(name)) {
            if (!field.isWhole()) {
                throw new TooComplexException("a field that says what a part is has more than " + MOST_OF_FIELD
                        + " octets");
            }
            String text = new String(field.octets(), StandardCharsets.ISO_8859_1);
            octetsOfFields += text.length();
            if (octetsOfFields > MOST_OF_FIELDS) {
                throw new TooComplexException("the fields that say what its parts are have more than "
                        + MOST_OF_FIELDS + " octets");
            }
            node.fields.putIfAbsent(name, utf8(field.text()));
            if (open.isEmpty()) {
                node.content.add(new Patch(field.start(), field.end(), text));
            }
        }
    }

    /** Header fields may be in UTF-8 (RFC 6532). */
    private static String utf8(String octets) {
        return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
