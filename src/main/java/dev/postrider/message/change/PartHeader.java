package dev.postrider.message.change;

import dev.postrider.message.header.HeaderFields;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a header, of a message or of a part of one, says of the body that follows, and where. */
final class PartHeader {
    /** Which octets of a body stand for themselves (RFC 2045 section 6.2). */
    private static final Set<String> EIGHT_BIT = Set.of("8bit", "binary");
    private static final Set<String> SEALS = Set.of("multipart/signed", "multipart/encrypted");
    /** Messages in which another one is, whose parts may be encoded. */
    private static final Set<String> MESSAGES = Set.of("message/rfc822", "message/news");
    /** RFC 2046 sections 5.2.2 and 5.2.3: of 7 bits from the start. */
    private static final Set<String> UNENCODABLE = Set.of("message/partial", "message/external-body");

    /** Where a field is in the message. */
    record Place(long from, long to) {}

    private final boolean ofMessage;
    private final List<Place> encodings = new ArrayList<>();
    /** Whether these cannot stay as they are. */
    private boolean malformed;
    private Optional<String> sealed;
    private Optional<String> boundary = Optional.empty();
    private boolean unreadable;
    private String type;
    private boolean hasType;
    private String encoding = "7bit";
    private boolean hasVersion;
    private boolean hasSignature;
    private long end;
    private boolean separated;

    /**
     * Of what has no fields yet.
     *
     * @param ofMessage whether it is that of a message, and not of a part
     * @param type      where no field says another
     * @param sealed    why nothing of it may change, if that is so
     */
    PartHeader(boolean ofMessage, String type, Optional<String> sealed) {
        this.ofMessage = ofMessage;
        this.type = type;
        this.sealed = sealed;
    }

    /**
     * Takes a field.
     *
     * @return how many octets of it were looked into
     */
    int add(String name, HeaderFields fields) {
        switch (name) {
            case "content-type" -> {
                type(fields);
                return fields.text().length();
            }
            case "content-transfer-encoding" -> {
                encoding = fields.text().replaceAll("\\([^)]*+\\)|;.*", "").strip().toLowerCase(Locale.ROOT);
                encodings.add(new Place(fields.start(), fields.end()));
                malformed |= !fields.isAscii();
                return fields.text().length();
            }
            case "mime-version" -> hasVersion = true;
            case "dkim-signature" -> hasSignature = true;
            default -> {
                // It says nothing of the body.
            }
        }
        return 0;
    }

    private void type(HeaderFields fields) {
        String text = fields.text();
        hasType = true;
        unreadable = !fields.isWhole();
        boundary = Optional.empty();
        type = text.replaceAll("[;\\s].*", "").toLowerCase(Locale.ROOT);
        try {
            ContentType parsed = new ContentType(text);
            type = parsed.getBaseType().toLowerCase(Locale.ROOT);
            boundary = Optional.ofNullable(parsed.getParameter("boundary")).filter(Boundaries::isBoundary);
        } catch (ParseException e) {
            // Where it is not a multipart, the word that it begins with is enough.
        }
        unreadable |= isMultipart() && boundary.isEmpty();
    }

    /** There are no more fields. */
    void end(long at, boolean isSeparated) {
        end = at;
        separated = isSeparated;
    }

    void seal(String why) {
        sealed = Optional.of(why);
    }

    boolean hasSignature() {
        return hasSignature;
    }

    boolean isMultipart() {
        return type.startsWith("multipart/");
    }

    /** Of the multipart that it begins. */
    Optional<String> boundary() {
        return isMultipart() ? boundary : Optional.empty();
    }

    /** Why nothing of it may change, if that is so. */
    Optional<String> sealed() {
        return sealed;
    }

    /** Why nothing of what is in it may change, if that is so. */
    Optional<String> sealedWithin() {
        return sealed.or(() -> unreadable
                ? Optional.of("nobody can tell where its parts begin: its Content-Type cannot be read")
                : SEALS.contains(type)
                        ? Optional.of("a part of it is of the type " + type + ", which that would break")
                        : Optional.empty());
    }

    /** Of parts that do not say it (RFC 2046 section 5.1.5). */
    String typeOfParts() {
        return type.equals("multipart/digest") ? "message/rfc822" : "text/plain";
    }

    /** Whether the body is a message whose own body may be encoded. */
    boolean holdsMessage() {
        return MESSAGES.contains(type) && isIdentity();
    }

    boolean isText() {
        return type.startsWith("text/") || type.startsWith("message/");
    }

    boolean isIdentity() {
        return encoding.equals("7bit") || EIGHT_BIT.contains(encoding)
                || !encoding.equals("base64") && !encoding.equals("quoted-printable") && !isForeign();
    }

    /** An encoding of somebody's own; any other word is taken for nothing, as by those who read mail. */
    private boolean isForeign() {
        return encoding.startsWith("x-") || encoding.startsWith("uue") || encoding.startsWith("binhex")
                || encoding.startsWith("yenc");
    }

    /** How the body may be encoded; empty if there is no way. */
    List<TransferEncoding> encodings() {
        return switch (encoding) {
            case "base64" -> List.of(TransferEncoding.BASE64_AGAIN);
            case "quoted-printable" -> List.of(TransferEncoding.QUOTED_PRINTABLE_AGAIN);
            default -> isForeign() || UNENCODABLE.contains(type) || isMultipart()
                    ? List.of()
                    : isText()
                            ? List.of(TransferEncoding.QUOTED_PRINTABLE, TransferEncoding.BASE64)
                            : List.of(TransferEncoding.BASE64);
        };
    }

    /** Of the body, for people. */
    String description() {
        return "a part of the type " + type.replaceAll("[^!-~]", "?") + " with Content-Transfer-Encoding "
                + encoding.replaceAll("[^!-~]", "?");
    }

    /** Whether what it says of the encoding cannot stay in a message of 7 bits. */
    boolean needsLabel() {
        return malformed || EIGHT_BIT.contains(encoding);
    }

    /** What it says of the encoding of a body that has 7 bits already. */
    String label() {
        return isIdentity() ? "7bit" : encoding;
    }

    /** Whether a field is replaced whenever that is needed, and not changed by itself. */
    static boolean isLabel(String name) {
        return name.equals("content-transfer-encoding");
    }

    /** Whether the body is text in a charset that nobody says. */
    boolean wantsCharset() {
        return ofMessage && !hasType;
    }

    /** Makes it say another encoding. */
    List<PatchedMessage.Patch> labelled(String other, Optional<String> charset) {
        List<PatchedMessage.Patch> patches = new ArrayList<>();
        String field = "Content-Transfer-Encoding: " + other + "\r\n";
        for (Place place : encodings) {
            patches.add(new PatchedMessage.Patch(place.from, place.to, patches.isEmpty() ? field : ""));
        }
        String added = (ofMessage && !hasVersion ? "MIME-Version: 1.0\r\n" : "")
                + charset.map(name -> "Content-Type: text/plain; charset=" + name + "\r\n").orElse("")
                + (encodings.isEmpty() ? field : "") + (separated ? "" : "\r\n");
        if (!added.isEmpty()) {
            patches.add(new PatchedMessage.Patch(end, end, added));
        }
        return patches;
    }
}
