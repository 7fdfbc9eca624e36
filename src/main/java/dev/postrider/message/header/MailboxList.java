package dev.postrider.message.header;

import dev.postrider.route.CanonicalAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Reads the addresses of From and Sender (RFC 5322 section 3.4, RFC 6532). Where programs differ in what they make of a
 * field, one could be shown another sender than was checked; so there is one reading here or none. There is none of
 * groups, routes, empty elements, comments or white space within an address, encoded words in one (RFC 2047 section 5),
 * and control characters, those of an encoded name included.
 */
public final class MailboxList {
    private static final String FOLD = "\r\n";
    private static final String ATOM_SPECIALS = "!#$%&'*+-/=?^_`{|}~";

    private final String text;
    private int at;

    private MailboxList(String text) {
        this.text = text;
    }

    /**
     * An address of the field.
     *
     * @param text  as it is written
     * @param start where it begins in the unfolded field
     */
    private record Mailbox(String text, int start) {}

    /**
     * Reads the body of a field.
     *
     * @param body with its folds and its line end
     * @return the addresses, at least one; empty if it cannot be read
     */
    public static Optional<List<CanonicalAddress>> parse(byte[] body) {
        return mailboxes(body)
                .map(found -> found.stream().map(mailbox -> CanonicalAddress.of(mailbox.text())).toList());
    }

    private static Optional<List<Mailbox>> mailboxes(byte[] body) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString().replace(FOLD, "");
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
        return EncodedWords.hasControl(text) ? Optional.empty() : new MailboxList(text).mailboxes();
    }

    /**
     * The body of a field whose addresses have the spelling of others, which differ from them in the case of letters
     * before the at-sign only. All else stays as it is, and an address that is folded within its quotes.
     *
     * @param body     that {@link #parse} reads
     * @param spelling by which an address goes
     */
    public static byte[] spelled(byte[] body, UnaryOperator<CanonicalAddress> spelling) {
        var field = new StringBuilder(new String(body, StandardCharsets.UTF_8));
        int position = 0;
        int unfolded = 0;
        for (Mailbox mailbox : mailboxes(body).orElseThrow()) {
            while (unfolded < mailbox.start() || position < field.length() && field.charAt(position) == '\r') {
                boolean folds = field.charAt(position) == '\r';
                position += folds ? FOLD.length() : 1;
                unfolded += folds ? 0 : 1;
            }
            int end = position + mailbox.text().length();
            if (end <= field.length() && field.substring(position, end).equals(mailbox.text())) {
                field.replace(position, end, CanonicalAddress.spelled(mailbox.text(),
                        spelling.apply(CanonicalAddress.of(mailbox.text()))));
            }
        }
        return field.toString().getBytes(StandardCharsets.UTF_8);
    }

    private Optional<List<Mailbox>> mailboxes() {
        List<Mailbox> found = new ArrayList<>();
        do {
            Optional<Mailbox> mailbox = mailbox();
            if (mailbox.isEmpty()) {
                return Optional.empty();
            }
            found.add(mailbox.get());
        } while (skip(','));
        return at == text.length() ? Optional.of(List.copyOf(found)) : Optional.empty();
    }

    /** An address alone, or in angle brackets after a name. */
    private Optional<Mailbox> mailbox() {
        if (!passComments()) {
            return Optional.empty();
        }
        int start = at;
        Optional<Mailbox> alone = address();
        if (alone.isPresent() && passComments() && (at == text.length() || next(','))) {
            return alone;
        }
        at = start;
        if (!passName() || !skip('<')) {
            return Optional.empty();
        }
        return address().filter(_ -> skip('>') && passComments());
    }

    private Optional<Mailbox> address() {
        int start = at;
        boolean local = next('"') ? passQuoted() : passDotAtom();
        if (!local || text.substring(start, at).contains("=?") || !skip('@')) {
            return Optional.empty();
        }
        boolean domain = next('[') ? passLiteral() : passDomain();
        return domain
                ? Optional.of(text.substring(start, at))
                        .filter(found -> found.codePoints().allMatch(MailboxList::isVisible))
                        .map(found -> new Mailbox(found, start))
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

    /** Whether its encoded words can be read, and hide no control character. */
    private static boolean isHarmless(String name) {
        return EncodedWords.runs(name).isPresent();
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
    static boolean isVisible(int c) {
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
