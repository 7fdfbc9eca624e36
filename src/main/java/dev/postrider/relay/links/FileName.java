package dev.postrider.relay.links;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/** The name of an attachment, made fit for headers, addresses and the eyes of people. */
public final class FileName {
    private static final int MOST = 200;
    private static final String UNRESERVED = "-._~";
    /** RFC 8187 section 3.2.1, attr-char, besides letters and digits. */
    private static final String ATTR_CHAR = "!#$&+-.^_`|~";

    private FileName() {}

    /**
     * A name as it may be shown: its last part, without control characters and what turns the direction of text, which
     * would let {@code fdp.exe} look like {@code exe.pdf}; at most 200 characters, of which the extension stays.
     *
     * @param otherwise where nothing is left of it
     */
    public static String clean(String name, String otherwise) {
        StringBuilder kept = new StringBuilder();
        Normalizer.normalize(name, Normalizer.Form.NFC).codePoints().map(FileName::shown).forEach(character -> {
            if (character >= 0) {
                kept.appendCodePoint(character);
            }
        });
        String last = kept.substring(Math.max(kept.lastIndexOf("/"), kept.lastIndexOf("\\")) + 1)
                .strip()
                .replaceAll("^\\.+", "");
        return last.isEmpty() ? otherwise : shortened(last);
    }

    /** The character to show; -1 for none. */
    private static int shown(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE,
                    Character.UNASSIGNED ->
                -1;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> ' ';
            default -> character;
        };
    }

    private static String shortened(String name) {
        int length = name.codePointCount(0, name.length());
        if (length <= MOST) {
            return name;
        }
        int dot = name.lastIndexOf('.');
        String extension = dot > 0 && name.length() - dot <= 20 ? name.substring(dot) : "";
        int kept = MOST - extension.codePointCount(0, extension.length());
        return name.substring(0, name.offsetByCodePoints(0, kept)) + extension;
    }

    /** As a segment of the path of a URI (RFC 3986 section 3.3). */
    static String asPathSegment(String name) {
        return encoded(name, UNRESERVED);
    }

    /** As the field Content-Disposition of an answer has it (RFC 6266 section 4). */
    static String asAttachment(String name) {
        return "attachment; filename=\"" + name.replaceAll("[^ -~]|[\"\\\\%]", "_") + "\"; filename*=UTF-8''"
                + encoded(name, ATTR_CHAR);
    }

    private static String encoded(String name, String besides) {
        StringBuilder text = new StringBuilder();
        for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (octet & 0xff);
            boolean plain = character < 128
                    && (Character.isLetterOrDigit(character) || besides.indexOf(character) >= 0);
            text.append(plain ? String.valueOf(character) : "%%%02X".formatted(octet & 0xff));
        }
        return text.toString();
    }
}
