package dev.postrider.message.change;

import dev.postrider.message.FirstOctets;
import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.header.MessageLines;
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
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
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
    /** Field of a part that stays in the message whatever else goes, whose value is {@value #KEPT}. */
    public static final String KEEP_FIELD = "Postrider-Link";
    public static final String KEPT = "never";
    private static final String TYPE = "content-type";
    private static final String DISPOSITION = "content-disposition";
    private static final String NEW_LINE = "\r\n";

    private final MessageContent message;
    private final Part top;
    private final List<Leaf> leaves = new ArrayList<>();

    private MessageParts(MessageContent message) throws IOException, TooComplexException {
        this.message = message;
        try (MessageLines lines = new MessageLines(message)) {
            this.top = new PartReader(lines).read();
        }
        collect(top, "", true);
    }

    /** A message has more parts, or more to say of them, than is looked at; the message says what. */
    public static final class TooComplexException extends Exception {
        TooComplexException(String why) {
            super(why);
        }
    }

    /**
     * A part with nothing in it that could be left out on its own.
     *
     * @see #number() its place in the message
     */
    public final class Leaf {
        private final int number;
        private final Part node;
        private final String within;
        private final boolean first;

        private Leaf(int number, Part node, String within, boolean first) {
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
            InputStream encoded = new FirstOctets(all, octets()) {
                @Override
                public int read(byte[] to, int offset, int count) throws IOException {
                    LargeWork.letOthersOn();
                    return super.read(to, offset, count);
                }
            };
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
     * @throws TooComplexException if it has more than 1,000 parts, or more to say of them
     */
    public static MessageParts of(MessageContent content) throws IOException, TooComplexException {
        return new MessageParts(content);
    }

    private void collect(Part node, String within, boolean first) {
        if (node.isOpened()) {
            boolean firstPart = true;
            for (Part part : node.parts) {
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

    private PartChanges changes(Set<Leaf> some) {
        Set<Part> removed = Collections.newSetFromMap(new IdentityHashMap<>());
        some.forEach(leaf -> removed.add(leaf.node));
        return new PartChanges(top, removed);
    }

    /** The message without some of its parts. */
    MessageContent without(Set<Leaf> some) {
        PartChanges changes = changes(some);
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
        return changes.of(message);
    }

    /**
     * The message without some of its parts and with another at its end.
     *
     * @param added    header and body of that part, in ASCII
     * @param boundary for where the message is not yet of several parts in a row (multipart/mixed)
     */
    public MessageContent without(Set<Leaf> some, byte[] added, String boundary) {
        PartChanges changes = changes(some);
        String part = new String(added, StandardCharsets.ISO_8859_1);
        if (top.isOpened() && top.kind().equals("mixed")) {
            changes.removeWithin(top);
            changes.addPart(part);
            return changes.of(message);
        }
        changes.dropContentFields();
        String version = top.hasVersion ? "" : "MIME-Version: 1.0" + NEW_LINE;
        if (changes.isEmptied(top)) {
            changes.put(top.headerEnd, top.end, version + part);
            return changes.of(message);
        }
        StringBuilder start = new StringBuilder(version + "Content-Type: multipart/mixed; boundary=\"" + boundary
                + "\"" + NEW_LINE + NEW_LINE + "--" + boundary + NEW_LINE);
        top.content.forEach(field -> start.append(field.text()));
        changes.put(top.headerEnd, top.headerEnd, start.toString());
        changes.removeWithin(top);
        changes.put(top.end, top.end, NEW_LINE + "--" + boundary + NEW_LINE + part + NEW_LINE + "--" + boundary + "--"
                + NEW_LINE);
        return changes.of(message);
    }

}
