package dev.postrider.message.change;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.Boundaries.Delimiter;
import dev.postrider.message.change.PatchedMessage.Patch;
import dev.postrider.message.header.AsciiForms.NoneException;
import dev.postrider.message.header.AsciiForms;
import dev.postrider.message.header.HeaderFields;
import dev.postrider.message.header.MessageLines;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.ContentType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Makes of a message with headers of RFC 6532 one for servers without SMTPUTF8 (RFC 6531): its own fields and those of
 * its parts in ASCII, if they have such a form, and all else as it is. What is in {@code message/rfc822} is left alone,
 * for there nothing but ASCII was allowed to begin with. The message is read once; fields that change stand in memory.
 */
public final class DowngradedMessage {
    /** Of one field that is looked into, or that changes. */
    private static final int MOST_OF_FIELD = 64 * 1024;
    /** Of all fields that change: they are in memory for as long as the server takes for the message. */
    private static final int MOST_HELD = 64 * 1024;
    private static final int MOST_CHANGED = 500;
    /** Of all fields of addresses that change: what they cost to read grows with the square of that. */
    private static final int MOST_OF_ADDRESSES = 16 * 1024;
    private static final int DEEPEST = 100;
    private static final Set<String> ENCODINGS = Set.of("base64", "quoted-printable");

    private final MessageLines lines;
    private final List<Patch> patches = new ArrayList<>();
    private final Boundaries boundaries = new Boundaries();
    /** Of each multipart that the line is in, whether what is in it must not change. */
    private final List<Boolean> signed = new ArrayList<>();
    private int held;
    private int addresses;

    private DowngradedMessage(MessageLines lines) {
        this.lines = lines;
    }

    /**
     * The message in ASCII, but for the bodies of its parts.
     *
     * @throws MessageException with 5.6.7 if there is none
     */
    public static MessageContent of(MessageContent message) throws MessageException {
        try (MessageLines lines = new MessageLines(message)) {
            DowngradedMessage downgraded = new DowngradedMessage(lines);
            downgraded.read();
            return downgraded.patches.isEmpty() ? message : new PatchedMessage(message, downgraded.patches);
        } catch (IOException e) {
            throw MessageException.unreadable(e);
        }
    }

    /** That something cannot be said without SMTPUTF8. */
    public static MessageException refusal(String why) {
        return MessageException.permanent(MessageException.NOT_DOWNGRADED,
                "the server does not take SMTPUTF8 (RFC 6531), which is needed since " + why
                        + " (5.6.7); use addresses in ASCII, or another server");
    }

    private static MessageException tooComplex(String why) {
        return MessageException.permanent("5.6.0",
                "the server does not take SMTPUTF8 (RFC 6531), and the message cannot be put "
                        + "into ASCII, since " + why + " (5.6.0); send a simpler message, or use another server");
    }

    private void read() throws IOException, MessageException {
        boolean more = header(false);
        while (more) {
            more = isDelimiter() ? header(signed.getLast()) : lines.next(Boundaries.MOST_OF_LINE);
            if (boundaries.depth() == 0) {
                return;
            }
        }
    }

    /**
     * Whether the line begins a part. The boundaries of multiparts within the one that it belongs to are forgotten,
     * and that one's too if the line ends it.
     */
    private boolean isDelimiter() {
        Delimiter delimiter = boundaries.delimiter(lines);
        if (delimiter.depth() < 0) {
            return false;
        }
        boundaries.close(delimiter.ends() ? delimiter.depth() : delimiter.depth() + 1);
        while (signed.size() > boundaries.depth()) {
            signed.removeLast();
        }
        return !delimiter.ends();
    }

    /**
     * Reads the header that begins with the next line, up to the line that ends it or follows it.
     *
     * @return whether there is such a line, at which the lines now stand
     */
    private boolean header(boolean isSigned) throws IOException, MessageException {
        Header header = new Header(isSigned);
        HeaderFields fields = new HeaderFields(lines, MOST_OF_FIELD, () -> boundaries.delimiter(lines).depth() >= 0);
        while (fields.next()) {
            header.add(fields);
        }
        header.enter();
        return fields.isFollowed();
    }

    /** Of the message, or of one of its parts. */
    private final class Header {
        private final boolean isSigned;
        private String contentType = "";
        private String encoding = "";

        Header(boolean isSigned) {
            this.isSigned = isSigned;
        }

        void add(HeaderFields field) throws MessageException {
            String name = field.name();
            // The rest of one in ASCII need not be looked at.
            if (!field.isWhole() && !field.isAscii()) {
                throw tooComplex("a header field beyond ASCII has more than %d octets".formatted(MOST_OF_FIELD));
            }
            if (name.equals("content-type")) {
                contentType = text(field);
            } else if (name.equals("content-transfer-encoding")) {
                encoding = text(field).toLowerCase(Locale.ROOT);
            }
            if (!field.isAscii()) {
                byte[] octets = field.octets();
                String written = new String(octets, StandardCharsets.ISO_8859_1);
                change(written.substring(0, written.indexOf(':')).strip(), field, octets);
            }
        }

        private static String text(HeaderFields field) {
            return new String(field.body(), StandardCharsets.UTF_8).replaceAll("\r?\n", "").strip();
        }

        private void change(String name, HeaderFields field, byte[] octets) throws MessageException {
            if (isSigned) {
                throw refusal("field " + name + " of a signed part cannot be written in ASCII without breaking the "
                        + "signature");
            }
            addresses += AsciiForms.isOfAddresses(name) ? octets.length : 0;
            if (addresses > MOST_OF_ADDRESSES) {
                throw tooComplex(
                        "its address fields beyond ASCII have more than %d octets".formatted(MOST_OF_ADDRESSES));
            }
            if (patches.size() == MOST_CHANGED) {
                throw tooComplex("it has more than %d header fields beyond ASCII".formatted(MOST_CHANGED));
            }
            try {
                LargeWork.letOthersOn();
                String ascii = AsciiForms.field(octets);
                held += ascii.length();
                patches.add(new Patch(field.start(), field.end(), ascii));
            } catch (NoneException e) {
                throw refusal("field " + name + " cannot be written in ASCII: " + e.getMessage());
            }
            if (held > MOST_HELD) {
                throw tooComplex("its header fields beyond ASCII take more than %d octets".formatted(MOST_HELD));
            }
        }

        /** Looks for the parts, if there are such. */
        void enter() throws MessageException {
            Optional<ContentType> type = type();
            if (type.filter(t -> t.match("message/global")).isPresent() && !ENCODINGS.contains(encoding)) {
                throw refusal("it holds a message of the type message/global (RFC 6532 section 3.7)");
            }
            Optional<String> boundary = type.filter(t -> t.match("multipart/*"))
                    .flatMap(t -> Optional.ofNullable(t.getParameter("boundary")))
                    .filter(Boundaries::isBoundary);
            if (boundary.isPresent()) {
                if (boundaries.depth() == DEEPEST) {
                    throw tooComplex("its parts are nested more than " + DEEPEST + " times");
                }
                boundaries.open(boundary.get());
                signed.add(isSigned || type.get().match("multipart/signed"));
            }
        }

        private Optional<ContentType> type() {
            try {
                return contentType.isEmpty() ? Optional.empty() : Optional.of(new ContentType(contentType));
            } catch (MessagingException e) {
                return Optional.empty();
            }
        }
    }
}
