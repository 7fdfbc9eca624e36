package dev.postrider.message.change;

import dev.postrider.message.change.Boundaries.Delimiter;
import dev.postrider.message.change.MessageParts.TooComplexException;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.header.MessageLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        boolean more = header(message, lines.next(MOST_OF_FIELD));
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
                    more = header(current.get(), lines.next(MOST_OF_FIELD));
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
     * Reads a header.
     *
     * @param there whether there is a line, at which the lines stand
     * @return whether there is a line after it, at which they stand then
     */
    private boolean header(Part node, boolean there) throws IOException, TooComplexException {
        boolean more = there;
        StringBuilder field = new StringBuilder();
        long start = lines.start();
        while (more && !lines.isEmpty() && boundaries.delimiter(lines).depth() < 0) {
            if (!lines.isFold()) {
                end(node, field, start);
                start = lines.start();
            }
            if (!lines.isFold() && isWanted() || lines.isFold() && !field.isEmpty()) {
                if (field.length() + lines.end() - lines.start() > MOST_OF_FIELD) {
                    throw new TooComplexException("a field that says what a part is has more than " + MOST_OF_FIELD
                            + " octets");
                }
                field.append(new String(lines.octets(), StandardCharsets.ISO_8859_1));
            }
            more = lines.next(MOST_OF_FIELD);
        }
        node.headerEnd = more ? lines.start() : lines.end();
        end(node, field, start);
        if (more && lines.isEmpty()) {
            node.start = lines.end();
            more = lines.next(Boundaries.MOST_OF_LINE);
        } else {
            node.start = node.headerEnd;
        }
        node.understand(open.size());
        node.boundary.ifPresent(boundary -> {
            boundaries.open(boundary);
            open.add(node);
        });
        return more;
    }

    /** Of the many fields of a header few are held. */
    private boolean isWanted() {
        return switch (lines.first()) {
            case 'C', 'c', 'M', 'm', 'P', 'p' -> lines.isField();
            default -> false;
        };
    }

    private void end(Part node, StringBuilder field, long start) throws TooComplexException {
        if (field.isEmpty()) {
            return;
        }
        int colon = field.indexOf(":");
        String name = field.substring(0, colon).strip().toLowerCase(Locale.ROOT);
        node.hasVersion |= name.equals("mime-version");
        node.isKept |= name.equalsIgnoreCase(MessageParts.KEEP_FIELD)
                && field.substring(colon + 1).strip().equals(MessageParts.KEPT);
        if (OF_THE_CONTENT.contains(name)) {
            octetsOfFields += field.length();
            if (octetsOfFields > MOST_OF_FIELDS) {
                throw new TooComplexException("the fields that say what its parts are have more than "
                        + MOST_OF_FIELDS + " octets");
            }
            node.fields.putIfAbsent(name, utf8(field.substring(colon + 1)).replaceAll("\r?\n", "").strip());
            if (open.isEmpty()) {
                node.content.add(new Patch(start, start + field.length(), field.toString()));
            }
        }
        field.setLength(0);
    }

    /** Header fields may be in UTF-8 (RFC 6532). */
    private static String utf8(String octets) {
        return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
