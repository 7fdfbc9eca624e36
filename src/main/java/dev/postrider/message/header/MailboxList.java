package dev.postrider.message.header;

import dev.postrider.route.CanonicalAddress;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the addresses of From and Sender (RFC 5322 section 3.4, RFC 6532). Where programs differ in what they make of a
 * field, one could be shown another sender than was checked; so there is one reading here or none. There is none of
 * groups, routes, empty elements, comments or white space within an address, encoded words in one (RFC 2047 section 5),
 * and control characters, those of an encoded name included.
 */
public final class MailboxList {
    private static final String ATOM_SPECIALS = "!#$%&'*+-/=?^_`{|}~";

    private static final String WORD = "=?";
    private static final String WORD_END = "?=";
    private static final Pattern QUOTED_OCTET = Pattern.compile("=([0-9A-Fa-f]{2})|.", Pattern.DOTALL);

    private final String text;
    private int at;

    private MailboxList(String text) {
        this.text = text;
    }

    /**
     * Reads the body of a field.
     *
     * @param body with its folds and its line end
     * @return the addresses, at least one; empty if it cannot be read
     */
    public static Optional<List<CanonicalAddress>> parse(byte[] body) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString().replace("\r\n", "");
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
        return hasControl(text) ? Optional.empty() : new MailboxList(text).mailboxes();
    }

    private static boolean hasControl(String text) {
        return text.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t');
    }

    private Optional<List<CanonicalAddress>> mailboxes() {
        List<CanonicalAddress> found = new ArrayList<>();
        do {
            Optional<String> mailbox = mailbox();
            if (mailbox.isEmpty()) {
                return Optional.empty();
            }
            found.add(CanonicalAddress.of(mailbox.get()));
        } while (skip(','));
        return at == text.length() ? Optional.of(List.copyOf(found)) : Optional.empty();
    }

    /** An address alone, or in angle brackets after a name. */
    private Optional<String> mailbox() {
        if (!passComments()) {
            return Optional.empty();
        }
        int start = at;
        Optional<String> alone = address();
        if (alone.isPresent() && passComments() && (at == text.length() || next(','))) {
            return alone;
        }
        at = start;
        if (!passName() || !skip('<')) {
            return Optional.empty();
        }
        return address().filter(_ -> skip('>') && passComments());
    }

    private Optional<String> address() {
        int start = at;
        boolean local = next('"') ? passQuoted() : passDotAtom();
        if (!local || text.substring(start, at).contains("=?") || !skip('@')) {
            return Optional.empty();
        }
        boolean domain = next('[') ? passLiteral() : passDomain();
        return domain
                ? Optional.of(text.substring(start, at))
                        .filter(found -> found.codePoints().allMatch(MailboxList::isVisible))
                : Optional.empty();
    }

    /** Words and dots, which are obsolete there and common. */
    private boolean passName() {
        int start = at;
        while (at < text.length() && !next('<')) {
            int before = at;
            boolean passed = next('"') ? passQuoted() : skip('.') || passAtom() || passComments();
            if (!passed || at == before) {
                return false;
            }
        }
        String name = text.substring(start, at);
        return isHarmless(name) && (name.indexOf('\\') < 0 || isHarmless(name.replace("\\", "")));
    }

    /**
     * Whether the encoded words of a name (RFC 2047) can be read, and hide no control character. They are looked for
     * wherever some program would: in quoted strings and within words too, with blanks and question marks in them. The
     * name is passed once: a regular expression would look for the end of each word that has none.
     */
    private static boolean isHarmless(String name) {
        for (int start = name.indexOf(WORD); start >= 0;) {
            int charset = start + WORD.length();
            int encoding = name.indexOf('?', charset);
            int content = encoding + 3;
            boolean begins = encoding >= 0 && content <= name.length() && name.charAt(encoding + 2) == '?'
                    && "BbQq".indexOf(name.charAt(encoding + 1)) >= 0;
            int end = begins ? name.indexOf(WORD_END, content) : -1;
            if (begins && end < 0) {
                // Nor does any other word end.
                return true;
            }
            if (begins && !isHarmless(name.substring(charset, encoding), name.charAt(encoding + 1),
                    name.substring(content, end))) {
                return false;
            }
            start = name.indexOf(WORD, begins ? end : charset);
        }
        return true;
    }

    private static boolean isHarmless(String charsetName, char encoding, String content) {
        try {
            int language = charsetName.indexOf('*');
            Charset charset = Charset.forName(MimeUtility
                    .javaCharset(language < 0 ? charsetName : charsetName.substring(0, language)));
            byte[] octets = Character.toLowerCase(encoding) == 'b'
                    ? Base64.getMimeDecoder().decode(content)
                    : quoted(content);
            // ISO-2022 has controls of its own; what has them elsewhere has them in every reading.
            return !hasControl(new String(octets, charset))
                    && (charset.name().startsWith("ISO-2022") || !hasControlOfAscii(octets));
        } catch (IllegalArgumentException e) {
            // A charset that is not known here may be known where the mail is read, as UTF-7 is.
            return false;
        }
    }

    private static boolean hasControlOfAscii(byte[] octets) {
        for (byte octet : octets) {
            if (octet >= 0 && octet < ' ' && octet != '\t' || octet == 127) {
                return true;
            }
        }
        return false;
    }

    /** RFC 2047 section 4.2. */
    private static byte[] quoted(String encoded) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        Matcher octet = QUOTED_OCTET.matcher(encoded);
        while (octet.find()) {
            octets.writeBytes(octet.group(1) == null
                    ? octet.group().getBytes(StandardCharsets.UTF_8)
                    : HexFormat.of().parseHex(octet.group(1)));
        }
        return octets.toByteArray();
    }

    private boolean passDotAtom() {
        do {
            if (!passAtom()) {
                return false;
            }
        } while (skip('.'));
        return true;
    }

    private boolean passAtom() {
        return passAll(ATOM_SPECIALS);
    }

    /** ASCII letters, digits, these, and what is not ASCII (RFC 6532 section 3.2). */
    private boolean passAll(String others) {
        int start = at;
        while (at < text.length()
                && (isLetterOrDigit(text.charAt(at)) || text.charAt(at) > 127
                        || others.indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        return at > start;
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    /** What has no width or changes the direction of writing makes an address look like another. */
    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.SPACE_SEPARATOR -> c == ' ';
            case Character.FORMAT, Character.CONTROL, Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR, Character.SURROGATE, Character.UNASSIGNED ->
                false;
            default -> true;
        };
    }

    private boolean passDomain() {
        do {
            if (!passAll("-_")) {
                return false;
            }
        } while (skip('.'));
        return true;
    }

    private boolean passLiteral() {
        at++;
        while (at < text.length() && (isLetterOrDigit(text.charAt(at)) || next(':') || next('.'))) {
            at++;
        }
        return skip(']');
    }

    private boolean passQuoted() {
        at++;
        while (at < text.length() && !next('"')) {
            at += next('\\') ? 2 : 1;
        }
        return at < text.length() && skip('"');
    }

    /** White space and comments (RFC 5322 section 3.2.2), if there are any; false if one does not end. */
    private boolean passComments() {
        while (at < text.length() && (next(' ') || next('\t') || next('('))) {
            if (!next('(')) {
                at++;
            } else if (!passComment()) {
                return false;
            }
        }
        return true;
    }

    private boolean passComment() {
        int depth = 0;
        while (at < text.length()) {
            switch (text.charAt(at++)) {
                case '(' -> depth++;
                case ')' -> depth--;
                case '\\' -> at++;
                default -> {
                    // What a comment says is nothing to us.
                }
            }
            if (depth == 0) {
                return true;
            }
        }
        return false;
    }

    private boolean next(char c) {
        return at < text.length() && text.charAt(at) == c;
    }

    private boolean skip(char c) {
        boolean there = next(c);
        at += there ? 1 : 0;
        return there;
    }
}
