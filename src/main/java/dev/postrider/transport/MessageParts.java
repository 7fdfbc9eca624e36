package dev.postrider.transport;

import dev.postrider.transport.Boundaries.Delimiter;
import dev.postrider.transport.PatchedMessage.Patch;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.ContentDisposition;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParseException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parts of a message, some of which can be left out; what stays is octet for octet as it was. Parts that belong
 * together by a signature or encryption (RFC 1847), and reports (RFC 6522), are one.
 *
 * <p>The message is read once, and only where its parts begin and end stands in memory, with the fields that say what
 * they are.
 */
public final class MessageParts {
    private static final Set<String> WHOLE = Set.of("signed", "encrypted", "report");
    /** Deeper than this, what is inside of a part is left as it is. */
    private static final int DEEPEST = 20;
    private static final int MOST_PARTS = 1000;
    private static final int MOST_OF_FIELD = 16 * 1024;
    /** Octets of all fields that say what parts are. */
    private static final int MOST_OF_FIELDS = 256 * 1024;
    private static final Set<String> OF_THE_CONTENT = Set.of("content-type", "content-transfer-encoding",
            "content-disposition", "content-id", "content-description", "content-location", "content-md5",
            "content-language");
    /** Field of a part that stays in the message whatever else goes, whose value is {@value #KEPT}. */
    public static final String KEEP_FIELD = "Postrider-Link";
    public static final String KEPT = "never";
    private static final String TYPE = "content-type";
    private static final String DISPOSITION = "content-disposition";
    private static final String NEW_LINE = "\r\n";

    private final MessageContent message;
    private final Node top;
    private final List<Leaf> leaves = new ArrayList<>();

    private MessageParts(MessageContent message) throws IOException, TooComplexException {
        this.message = message;
        try (MessageLines lines = new MessageLines(message)) {
            this.top = new Reader(lines).read();
        }
        collect(top, "", true);
    }

    /** A message has more parts, or more to say of them, than is looked at; the message says what. */
    public static final class TooComplexException extends Exception {
        TooComplexException(String why) {
            super(why);
        }
    }

    /** A part, or a whole message, in its place in the message. */
    private static final class Node {
        /** Of the delimiter in front of it. */
        private long delimiter;
        /** Of the line that ends its header. */
        private long headerEnd;
        private long start;
        private long end;
        /** Of its last delimiter, or of where that is missing. */
        private long close;
        private boolean closed;
        private final Map<String, String> fields = new LinkedHashMap<>();
        private final List<Patch> content = new ArrayList<>();
        private boolean hasVersion;
        private boolean isKept;
        private String type = "text/plain";
        private Optional<String> boundary = Optional.empty();
        private final List<Node> parts = new ArrayList<>();

        private boolean isOpened() {
            return boundary.isPresent();
        }

        private String kind() {
            return type.substring(type.indexOf('/') + 1);
        }

        private void understand(int depth) {
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

    /**
     * A part with nothing in it that could be left out on its own.
     *
     * @see #number() its place in the message
     */
    public final class Leaf {
        private final int number;
        private final Node node;
        private final String within;
        private final boolean first;

        private Leaf(int number, Node node, String within, boolean first) {
            this.number = number;
            this.node = node;
            this.within = within;
            this.first = first;
        }

        /** Its place in the message, from 0. */
        public int number() {
            return number;
        }

        /** The kind of multipart that it is in, as {@code mixed}; empty if it is the message. */
        public String within() {
            return within;
        }

        /** Whether it is the first in there. */
        public boolean first() {
            return first;
        }

        /** Octets as they stand in the message. */
        long octets() {
            return node.end - node.start;
        }

        /** The octets, decoded; whoever opens it closes it. */
        public InputStream open() throws IOException, MessagingException {
            InputStream all = message.open();
            all.skipNBytes(node.start);
            InputStream encoded = new FirstOctets(all, octets());
            String encoding = node.fields.getOrDefault("content-transfer-encoding", "7bit");
            int comment = encoding.indexOf('(');
            return MimeUtility.decode(encoded,
                    (comment < 0 ? encoding : encoding.substring(0, comment)).strip().replaceAll(";.*", ""));
        }

        /** Its file name, decoded but otherwise as it came; empty if it cannot be read. */
        public Optional<String> fileName() {
            return name().map(name -> {
                try {
                    return MimeUtility.decodeText(name);
                } catch (UnsupportedEncodingException e) {
                    return name;
                }
            });
        }

        private Optional<String> name() {
            try {
                String field = node.fields.get(DISPOSITION);
                String name = field == null ? null : new ContentDisposition(field).getParameter("filename");
                return name == null ? nameOfType() : Optional.of(name);
            } catch (ParseException e) {
                return Optional.empty();
            }
        }

        private Optional<String> nameOfType() {
            try {
                String field = node.fields.get(TYPE);
                return field == null
                        ? Optional.empty()
                        : Optional.ofNullable(new ContentType(field).getParameter("name"));
            } catch (ParseException e) {
                return Optional.empty();
            }
        }

        /** Without parameters, as {@code image/png}. */
        public String contentType() {
            return node.type.matches("[^/\\s]+/[^/\\s]+") ? node.type : "application/octet-stream";
        }

        /** Whether it says that it stays in the message ({@link #KEEP_FIELD}). */
        public boolean isKept() {
            return node.isKept;
        }

        /** Whether it is of a type. */
        public boolean isType(String type) {
            return node.type.equals(type);
        }

        /** Whether it is a multipart all the same. */
        public boolean isMultipart() {
            return node.type.startsWith("multipart/");
        }

        /** By which the text refers to it (RFC 2392), without angle brackets. */
        public Optional<String> contentId() {
            return Optional.ofNullable(node.fields.get("content-id"))
                    .map(id -> id.strip().replaceAll("^<|>$", ""))
                    .filter(id -> !id.isEmpty());
        }

        /** Whether the text may refer to it. */
        public boolean isNamed() {
            return contentId().isPresent() || node.fields.containsKey("content-location");
        }

        /** Whether it says that it is an attachment. */
        public boolean isDeclaredAttachment() {
            return disposition().equals("attachment");
        }

        /** The word that Content-Disposition begins with, in lower case; what follows need not be well-formed. */
        public String disposition() {
            return node.fields.getOrDefault(DISPOSITION, "").split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        }

        /** Whether it is what people read. */
        public boolean isText() {
            return (isType("text/plain") || isType("text/html")) && name().isEmpty() && !isDeclaredAttachment();
        }

        /** Whether it is signed or encrypted, so that it is worth nothing without what is in it. */
        public boolean isSealed() {
            return isType("multipart/signed") || isType("multipart/encrypted") || isType("application/pkcs7-mime")
                    || isType("application/x-pkcs7-mime");
        }
    }

    /**
     * Finds the parts of a message.
     *
     * @throws IOException         if it cannot be read
     * @throws TooComplexException if it has more than {@value #MOST_PARTS} parts, or more to say of them
     */
    public static MessageParts of(MessageContent content) throws IOException, TooComplexException {
        return new MessageParts(content);
    }

    /** Goes through the lines once. */
    private static final class Reader {
        private final MessageLines lines;
        private final Boundaries boundaries = new Boundaries();
        /** The multiparts whose boundaries these are. */
        private final List<Node> open = new ArrayList<>();
        private int parts;
        private int octetsOfFields;

        Reader(MessageLines lines) {
            this.lines = lines;
        }

        Node read() throws IOException, TooComplexException {
            Node message = new Node();
            Optional<Node> current = Optional.of(message);
            boolean more = header(message, lines.next(MOST_OF_FIELD));
            long before = message.start;
            while (more) {
                Delimiter delimiter = boundaries.delimiter(lines);
                if (delimiter.depth() >= 0) {
                    long end = before;
                    current.ifPresent(part -> part.end = Math.max(part.start, end));
                    leave(delimiter.depth() + 1, lines.start(), end);
                    Node within = open.getLast();
                    current = delimiter.ends() ? Optional.empty() : Optional.of(new Node());
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
                Node last = open.removeLast();
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
        private boolean header(Node node, boolean there) throws IOException, TooComplexException {
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

        private void end(Node node, StringBuilder field, long start) throws TooComplexException {
            if (field.isEmpty()) {
                return;
            }
            int colon = field.indexOf(":");
            String name = field.substring(0, colon).strip().toLowerCase(Locale.ROOT);
            node.hasVersion |= name.equals("mime-version");
            node.isKept |= name.equalsIgnoreCase(KEEP_FIELD) && field.substring(colon + 1).strip().equals(KEPT);
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

    private void collect(Node node, String within, boolean first) {
        if (node.isOpened()) {
            boolean firstPart = true;
            for (Node part : node.parts) {
                collect(part, node.kind(), firstPart);
                firstPart = false;
            }
        } else {
            leaves.add(new Leaf(leaves.size(), node, within, first));
        }
    }

    /** All parts, in their order. */
    public List<Leaf> leaves() {
        return List.copyOf(leaves);
    }

    /** The message without some of its parts. */
    MessageContent without(Set<Leaf> some) {
        Changes changes = new Changes(some);
        if (some.stream().anyMatch(leaf -> leaf.node == top)) {
            changes.dropContentFields();
            changes.put(top.start, top.end, "");
        } else if (changes.isEmptied(top)) {
            // A multipart has at least one part (RFC 2046 section 5.1.1): an empty one, if there is nothing else.
            changes.removeWithin(top);
            changes.addPart(NEW_LINE);
        } else {
            changes.removeWithin(top);
        }
        return changes.made();
    }

    /**
     * The message without some of its parts and with another at its end.
     *
     * @param added    header and body of that part, in ASCII
     * @param boundary for where the message is not yet of several parts in a row (multipart/mixed)
     */
    public MessageContent without(Set<Leaf> some, byte[] added, String boundary) {
        Changes changes = new Changes(some);
        String part = new String(added, StandardCharsets.ISO_8859_1);
        if (top.isOpened() && top.kind().equals("mixed")) {
            changes.removeWithin(top);
            changes.addPart(part);
            return changes.made();
        }
        changes.dropContentFields();
        String version = top.hasVersion ? "" : "MIME-Version: 1.0" + NEW_LINE;
        if (changes.isEmptied(top)) {
            changes.put(top.headerEnd, top.end, version + part);
            return changes.made();
        }
        StringBuilder start = new StringBuilder(version + "Content-Type: multipart/mixed; boundary=\"" + boundary
                + "\"" + NEW_LINE + NEW_LINE + "--" + boundary + NEW_LINE);
        top.content.forEach(field -> start.append(field.text()));
        changes.put(top.headerEnd, top.headerEnd, start.toString());
        changes.removeWithin(top);
        changes.put(top.end, top.end, NEW_LINE + "--" + boundary + NEW_LINE + part + NEW_LINE + "--" + boundary + "--"
                + NEW_LINE);
        return changes.made();
    }

    /** What is to be left out and put in. */
    private final class Changes {
        private final Set<Leaf> some;
        private final Set<Node> removed;
        private final List<Patch> patches = new ArrayList<>();

        Changes(Set<Leaf> some) {
            this.some = some;
            this.removed = Collections.newSetFromMap(new IdentityHashMap<>());
            this.some.forEach(leaf -> removed.add(leaf.node));
        }

        /** Whether nothing of it is left. */
        private boolean isEmptied(Node node) {
            return node.isOpened()
                    ? !node.parts.isEmpty() && node.parts.stream().allMatch(this::isEmptied)
                    : removed.contains(node);
        }

        private void removeWithin(Node node) {
            for (int i = 0; i < node.parts.size(); i++) {
                Node part = node.parts.get(i);
                if (isEmptied(part)) {
                    put(part.delimiter, i + 1 < node.parts.size() ? node.parts.get(i + 1).delimiter : node.close, "");
                } else {
                    removeWithin(part);
                }
            }
        }

        /** At the end of the whole message, which is of several parts. */
        private void addPart(String part) {
            String delimiter = "--" + top.boundary.orElseThrow();
            String text = delimiter + NEW_LINE + part + NEW_LINE;
            put(top.close, top.close, top.closed ? text : NEW_LINE + text + delimiter + "--" + NEW_LINE);
        }

        private void dropContentFields() {
            top.content.forEach(field -> put(field.from(), field.to(), ""));
        }

        private void put(long from, long to, String text) {
            patches.add(new Patch(from, to, text));
        }

        private MessageContent made() {
            patches.sort(Comparator.comparingLong(Patch::from));
            return new PatchedMessage(message, List.copyOf(patches));
        }
    }
}
