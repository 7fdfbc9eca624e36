package dev.postrider.message.header;

import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;

/**
 * Fields whose lines are longer than RFC 5322 section 2.1.1 allows, in shorter ones that mean the same: folded where there
 * is white space, and after the commas, semicolons and message ids of fields that may have white space there; text
 * without any as encoded words (RFC 2047).
 */
public final class FoldedField {
    /** RFC 5322 section 2.1.1. */
    private static final int WANTED = 78;
    /** Octets in an encoded word of 75 characters. */
    private static final int MOST_IN_WORD = 45;
    private static final String FOLD = "\r\n";
    /** Encoded words that stand too close are read all the same, and white space between them is not (RFC 2047). */
    private static final String BETWEEN_WORDS = "?==?";
    private static final Set<String> IDS = Set.of("references", "in-reply-to");
    private static final Set<String> PARAMETERS = Set.of("content-type", "content-disposition");
    private static final Set<String> TEXT = Set.of("subject", "comments", "content-description", "thread-topic",
            "organization");

    private final String name;
    private final StringBuilder folded = new StringBuilder();
    private boolean quoted;
    private boolean escaped;
    private int comments;
    private boolean inBrackets;

    private FoldedField(String name) {
        this.name = name;
    }

    /**
     * The field in lines of at most {@value FieldGrammar#LONGEST_LINE} octets.
     *
     * @param name   in lower case
     * @param octets name, folds and line end included
     * @return an octet for each character (ISO 8859-1); with longer lines where there is no other way to write it; empty
     *         if it would stay as it is
     */
    public static Optional<String> of(String name, byte[] octets) {
        String field = new String(octets, StandardCharsets.ISO_8859_1);
        FoldedField folding = new FoldedField(name);
        int start = 0;
        while (start < field.length()) {
            int end = field.indexOf('\n', start);
            end = end < 0 ? field.length() : end + 1;
            folding.line(field.substring(start, end));
            start = end;
        }
        String folded = folding.folded.toString();
        if (hasLongLine(folded) && isText(name) && AsciiForms.isAscii(field)) {
            return Optional.of(words(field));
        }
        return folded.equals(field) ? Optional.empty() : Optional.of(folded);
    }

    private static boolean hasLongLine(String folded) {
        return folded.lines().anyMatch(line -> line.length() > FieldGrammar.LONGEST_LINE);
    }

    private static boolean isText(String name) {
        return TEXT.contains(name) || name.startsWith("x-");
    }

    private void line(String line) {
        String text = line.replaceAll("\r?\n$", "");
        boolean isLong = text.length() > FieldGrammar.LONGEST_LINE;
        int column = 0;
        int at = 0;
        while (at < text.length()) {
            // A piece is white space and what follows it, or what follows a place where white space may be put in.
            int end = endOfPiece(text, at);
            boolean blankFirst = FieldGrammar.isWhite((byte) text.charAt(at));
            boolean visible = !text.substring(at, end).isBlank();
            if (isLong && column > 0 && visible && column + end - at > WANTED) {
                folded.append(FOLD).append(blankFirst ? "" : " ");
                column = blankFirst ? 0 : 1;
            }
            folded.append(text, at, end);
            column += end - at;
            at = end;
        }
        folded.append(line, text.length(), line.length());
    }

    private int endOfPiece(String text, int from) {
        int at = from;
        while (at < text.length() && FieldGrammar.isWhite((byte) text.charAt(at))) {
            at++;
        }
        while (at < text.length() && !FieldGrammar.isWhite((byte) text.charAt(at))) {
            at++;
            if (mayBreakAfter(text.charAt(at - 1), at < text.length() ? text.charAt(at) : ' ')
                    || isText(name) && text.startsWith(BETWEEN_WORDS, at - 2)) {
                break;
            }
        }
        return at;
    }

    /** Whether white space may follow a character, which is looked at once. */
    private boolean mayBreakAfter(char c, char next) {
        if (escaped) {
            escaped = false;
            return false;
        }
        if (c == '\\' && (quoted || comments > 0)) {
            escaped = true;
        } else if (c == '"' && comments == 0) {
            quoted = !quoted;
        } else if (!quoted) {
            comments += c == '(' ? 1 : c == ')' && comments > 0 ? -1 : 0;
            inBrackets = comments == 0 && (c == '<' || inBrackets && c != '>');
            boolean free = comments == 0 && !inBrackets;
            return free && (c == ',' && AsciiForms.isOfAddresses(name) || c == ';' && PARAMETERS.contains(name)
                    || c == '>' && next == '<' && IDS.contains(name));
        }
        return false;
    }

    /** All of it as encoded words, between which the folds are not read. */
    private static String words(String field) {
        int colon = field.indexOf(':');
        String text = field.substring(colon + 1).replaceAll("\r?\n", "").strip();
        try {
            text = MimeUtility.decodeText(text);
        } catch (UnsupportedEncodingException e) {
            // Then those who read it see the same as before.
        }
        StringBuilder words = new StringBuilder(field.substring(0, colon + 1));
        int start = 0;
        while (start < text.length()) {
            int end = start;
            for (int octets = 0; end < text.length();) {
                int c = text.codePointAt(end);
                octets += octets(c);
                if (octets > MOST_IN_WORD) {
                    break;
                }
                end += Character.charCount(c);
            }
            words.append(start == 0 ? "" : FOLD)
                    .append(" =?UTF-8?B?")
                    .append(Base64.getEncoder()
                            .encodeToString(text.substring(start, end).getBytes(StandardCharsets.UTF_8)))
                    .append("?=");
            start = end;
        }
        return words.append(FOLD).toString();
    }

    private static int octets(int c) {
        return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }
}
