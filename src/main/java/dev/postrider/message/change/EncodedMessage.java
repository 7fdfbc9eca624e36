package dev.postrider.message.change;

import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.Boundaries.Delimiter;
import dev.postrider.message.change.EncodedBodies.Body;
import dev.postrider.message.change.PatchedMessage.Change;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.header.AsciiForms;
import dev.postrider.message.header.FieldGrammar;
import dev.postrider.message.header.FoldedField;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MessageLines;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Makes of a message one in lines of at most 998 octets (RFC 5322 section 2.1.1), and of 7 bits for servers without
 * 8BITMIME (RFC 6152 section 3), in which the same is read: header fields are folded or become encoded words, the bodies of
 * parts quoted-printable or base64, also in messages within it. What is signed or encrypted (RFC 1847, DKIM) stays octet
 * for octet, or the message is refused where 7 bits are wanted. Lines that cannot be made shorter stay, for servers that
 * take them. The message is read twice; what changes of headers stands in memory.
 */
public final class EncodedMessage {
    /** Of one field that is looked into, or that changes. */
    static final int MOST_OF_FIELD = 64 * 1024;
    /** Of all fields that change: they are in memory for as long as the server takes for the message. */
    private static final int MOST_HELD = 64 * 1024;
    /** Fields and bodies. */
    private static final int MOST_CHANGED = 1000;
    /** Of all fields of addresses that become ASCII: what they cost to read grows with the square of that. */
    private static final int MOST_OF_ADDRESSES = 16 * 1024;
    /** Of all fields that say what parts are. */
    private static final int MOST_OF_TYPES = 256 * 1024;
    private static final int DEEPEST = 100;
    /** What the octets that follow belong to. */
    private sealed interface Place {
        /** A body with nothing in it that is looked into. */
        record Leaf(PartHeader header) implements Place {}

        /** What is before the first part of a multipart, the innermost, or all of it if it has no part. */
        record Preamble(PartHeader header) implements Place {}

        /** What is after the last part. */
        record Epilogue(Optional<String> sealed) implements Place {}
    }

    private final MessageLines lines;
    private final boolean sevenBit;
    private final boolean asciiHeaders;
    private final List<Change> changes = new ArrayList<>();
    private final List<Body> bodies = new ArrayList<>();
    private final Boundaries boundaries = new Boundaries();
    /** The headers of the multiparts whose boundaries these are. */
    private final List<PartHeader> multiparts = new ArrayList<>();
    private Place place = new Place.Epilogue(Optional.empty());
    private long start;
    private long before;
    private boolean eightBit;
    private boolean overlong;
    /** Whether a field was written in ASCII. */
    private boolean beyondAscii;
    private int held;
    private int addresses;
    private int types;
    private int changed;

    private EncodedMessage(MessageLines lines, boolean sevenBit, boolean asciiHeaders) {
        this.lines = lines;
        this.sevenBit = sevenBit;
        this.asciiHeaders = asciiHeaders;
    }

    /**
     * The message so encoded; itself if it is so already.
     *
     * @param sevenBit     whether no octets above 127 are allowed
     * @param asciiHeaders whether they are not in headers either, where they are allowed with SMTPUTF8 (RFC 6531)
     * @throws MessageException with 5.6.3 if it has octets above 127 that cannot be encoded
     */
    public static MessageContent of(MessageContent message, boolean sevenBit, boolean asciiHeaders)
            throws MessageException {
        try (MessageLines lines = new MessageLines(message)) {
            EncodedMessage encoded = new EncodedMessage(lines, sevenBit, sevenBit && asciiHeaders);
            try {
                encoded.read();
            } catch (MessageException e) {
                if (sevenBit) {
                    throw e;
                }
                // Some servers take longer lines.
                return message;
            }
            encoded.changes.addAll(EncodedBodies.changes(message, encoded.bodies));
            if (encoded.changes.isEmpty()) {
                return message;
            }
            encoded.changes.sort(Comparator.comparingLong(Change::from));
            return new PatchedMessage(message, List.copyOf(encoded.changes));
        } catch (IOException e) {
            throw MessageException.unreadable(e);
        }
    }

    private static MessageException refusal(String why) {
        return MessageException.permanent(MessageException.NOT_ENCODED,
                "the server takes no octets above 127 (8BITMIME, RFC 6152), and the message cannot be encoded anew, "
                        + "since " + why + " (5.6.3); send it encoded as quoted-printable or base64, before it is "
                        + "signed, or use another server. If this one takes such octets though it does not say so, set "
                        + "spec.smtp.eightBitMime of the MailServer to Assume");
    }

    private void read() throws IOException, MessageException {
        boolean more = header(true, "text/plain", Optional.empty());
        while (more) {
            Delimiter delimiter = boundaries.delimiter(lines);
            if (delimiter.depth() < 0) {
                eightBit |= !lines.isAscii();
                overlong |= lines.size() > FieldGrammar.LONGEST_LINE;
                before = lines.end() - lines.lineEnd();
                more = lines.next(Boundaries.MOST_OF_LINE);
            } else {
                end(Math.max(start, before), delimiter.depth() == boundaries.depth() - 1);
                close(delimiter.depth() + 1);
                PartHeader multipart = multiparts.getLast();
                if (delimiter.ends()) {
                    close(delimiter.depth());
                    enter(new Place.Epilogue(multipart.sealed()), lines.end());
                    more = lines.next(Boundaries.MOST_OF_LINE);
                } else {
                    more = header(false, multipart.typeOfParts(), multipart.sealedWithin());
                }
            }
        }
        end(Math.max(start, lines.end()), false);
    }

    private void close(int left) {
        boundaries.close(left);
        while (multiparts.size() > left) {
            multiparts.removeLast();
        }
    }

    private void enter(Place next, long at) {
        place = next;
        start = at;
        before = at;
        eightBit = false;
        overlong = false;
    }

    /**
     * Reads the header that begins with the next line, and those of messages that it is the header of.
     *
     * @return whether a line of a body follows, at which the lines stand then
     */
    private boolean header(boolean ofMessage, String type, Optional<String> sealed)
            throws IOException, MessageException {
        PartHeader header = new PartHeader(ofMessage, type, sealed);
        while (true) {
            HeaderFields fields = new HeaderFields(lines, MOST_OF_FIELD,
                    () -> boundaries.delimiter(lines).depth() >= 0);
            boolean top = lines.start() == 0;
            readFields(header, fields);
            header.end(fields.end(), fields.isSeparated());
            if (top && header.hasSignature()) {
                keepSigned(header);
            }
            if (!fields.isSeparated()) {
                enterBody(header, fields.end());
                return fields.isFollowed();
            }
            if (!header.holdsMessage()) {
                enterBody(header, lines.end());
                return lines.next(Boundaries.MOST_OF_LINE);
            }
            relabel(header);
            header = new PartHeader(true, "text/plain", header.sealed());
        }
    }

    /** Nothing of it has changed but fields of its header, which are as they were. */
    private void keepSigned(PartHeader header) throws MessageException {
        header.seal("it is signed already (DKIM-Signature), which that would break");
        if (beyondAscii) {
            throw refusal(header.sealed().orElseThrow());
        }
        changes.clear();
        changed = 0;
    }

    private void enterBody(PartHeader header, long at) throws MessageException {
        if (header.boundary().isEmpty()) {
            enter(new Place.Leaf(header), at);
            return;
        }
        if (boundaries.depth() == DEEPEST) {
            throw refusal("its parts are nested more than " + DEEPEST + " times");
        }
        boundaries.open(header.boundary().get());
        multiparts.add(header);
        relabel(header);
        enter(new Place.Preamble(header), at);
    }

    /** What holds parts of 7 bits has 7 bits. */
    private void relabel(PartHeader header) {
        if (sevenBit && header.needsLabel() && header.sealed().isEmpty()) {
            changes.addAll(header.labelled(header.label(), Optional.empty()));
        }
    }

    private void readFields(PartHeader header, HeaderFields fields) throws IOException, MessageException {
        while (fields.next()) {
            String name = fields.name();
            types += header.add(name, fields);
            if (types > MOST_OF_TYPES) {
                throw refusal("the fields that say what its parts are have more than " + MOST_OF_TYPES + " octets");
            }
            if (PartHeader.isLabel(name) && header.sealed().isEmpty()) {
                continue;
            }
            if (asciiHeaders && !fields.isAscii()) {
                toAscii(header, name, fields);
            } else if (fields.longestLine() > FieldGrammar.LONGEST_LINE && fields.isWhole()
                    && header.sealed().isEmpty() && held < MOST_HELD && changed < MOST_CHANGED) {
                FoldedField.of(name, fields.octets()).ifPresent(text -> change(fields, text));
            }
        }
    }

    private void toAscii(PartHeader header, String name, HeaderFields fields) throws MessageException {
        if (header.sealed().isPresent()) {
            throw refusal(header.sealed().get());
        }
        String shown = "field " + name.replaceAll("[^!-~]", "?");
        if (!fields.isWhole()) {
            throw refusal(shown + " has more than " + MOST_OF_FIELD + " octets");
        }
        addresses += AsciiForms.isOfAddresses(name) ? fields.octets().length : 0;
        if (addresses > MOST_OF_ADDRESSES) {
            throw refusal("its address fields beyond ASCII have more than %d octets".formatted(MOST_OF_ADDRESSES));
        }
        try {
            change(fields, AsciiForms.legacyField(fields.octets()));
            beyondAscii = true;
        } catch (AsciiForms.NoneException e) {
            throw refusal(shown + " cannot be written in ASCII: " + e.getMessage());
        }
        if (held > MOST_HELD || changed > MOST_CHANGED) {
            throw refusal("more than %d of its header fields and parts, or %d octets of fields, would change"
                    .formatted(MOST_CHANGED, MOST_HELD));
        }
    }

    private void change(HeaderFields fields, String text) {
        held += text.length();
        changed++;
        changes.add(new Patch(fields.start(), fields.end(), text));
    }

    /**
     * A body, or what is around bodies, has ended.
     *
     * @param byNextPart whether by the delimiter of the innermost multipart
     */
    private void end(long at, boolean byNextPart) throws MessageException {
        boolean mustChange = sevenBit && eightBit;
        if (mustChange || overlong && at > start) {
            switch (place) {
                case Place.Leaf(PartHeader header) ->
                    encode(Optional.of(header), at, header.sealedWithin(), header.encodings());
                case Place.Preamble(PartHeader header) -> encode(Optional.empty(), at, header.sealed(),
                        byNextPart ? List.of(TransferEncoding.UNREAD) : List.of());
                case Place.Epilogue(Optional<String> sealed) ->
                    encode(Optional.empty(), at, sealed, List.of(TransferEncoding.UNREAD));
            }
        } else if (place instanceof Place.Leaf(PartHeader header)) {
            relabel(header);
        }
    }

    private void encode(Optional<PartHeader> header, long at, Optional<String> sealed,
            List<TransferEncoding> encodings) throws MessageException {
        boolean possible = sealed.isEmpty() && !encodings.isEmpty() && changed < MOST_CHANGED;
        if (possible) {
            changed++;
            bodies.add(new Body(header, start, at, eightBit, encodings));
        } else if (sevenBit && eightBit) {
            throw refusal(sealed.orElseGet(() -> !encodings.isEmpty()
                    ? "more than " + MOST_CHANGED + " of its header fields and parts would change"
                    : header.map(PartHeader::description)
                            .map(text -> "it has " + text)
                            .orElse("it has a multipart without a part")));
        }
    }
}
