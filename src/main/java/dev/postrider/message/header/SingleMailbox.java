package dev.postrider.message.header;

import dev.postrider.route.Address;
import dev.postrider.route.CanonicalAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads a field that breaks the grammar of RFC 5322 where no program can be mistaken about whose address it is: there is
 * one at-sign in all of it, encoded words and compatibility characters included, and around it either nothing or a name
 * and one pair of angle brackets. Whoever reads a field so must write it anew, so that all others read the same.
 */
public final class SingleMailbox {
    /** What raw octets above 127 most likely are that are no UTF-8, and what browsers take ISO 8859-1 for. */
    private static final Charset WINDOWS = Charset.forName("windows-1252");

    /** Atoms and dots anywhere, or a quoted string without quoted pairs; labels, or a literal. */
    private static final Pattern ADDRESS = Pattern.compile(
            "(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\x{80}-\\x{10FFFF}-]++|\"[^\"\\\\<>]++\")@"
                    + "(?:[A-Za-z0-9_\\x{80}-\\x{10FFFF}-]++(?:\\.[A-Za-z0-9_\\x{80}-\\x{10FFFF}-]++)*+|\\[[A-Za-z0-9:.]++\\])");
    private static final Pattern COMMENTS = Pattern.compile("[ \\t]*+(?:\\([^()\\\\]*+\\)[ \\t]*+)*+");
    /** Written anew it must fit into a line, and in encoded words it becomes six times as long (RFC 5322 section 2.1.1). */
    private static final int MOST_OCTETS = 900;
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private SingleMailbox() {}

    /**
     * Reads the body of a field.
     *
     * @param body with its folds and its line end
     * @return the address, in its correct form, and the name, if there is any; empty if more than one reading is possible,
     *         or none, or if it has more than {@value #MOST_OCTETS} octets
     */
    public static Optional<Address> parse(byte[] body) {
        if (body.length > MOST_OCTETS) {
            return Optional.empty();
        }
        Optional<String> utf8 = utf8(body);
        String text = utf8.orElseGet(() -> new String(body, WINDOWS)).replace("\r\n", "").strip();
        if (EncodedWords.hasControl(text) || atSigns(text) != 1) {
            return Optional.empty();
        }
        int open = text.indexOf('<');
        int close = text.indexOf('>');
        if (open < 0 && close < 0) {
            return address(text, utf8.isPresent()).map(address -> new Address(address, Optional.empty()));
        }
        boolean onePair = open >= 0 && close > open && text.lastIndexOf('<') == open && text.lastIndexOf('>') == close;
        return onePair && COMMENTS.matcher(text.substring(close + 1)).matches()
                ? address(text.substring(open + 1, close).strip(), utf8.isPresent())
                        .flatMap(address -> name(text.substring(0, open))
                                .map(name -> new Address(address, Optional.of(name).filter(n -> !n.isEmpty()))))
                : Optional.empty();
    }

    private static Optional<String> utf8(byte[] body) {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Wide and small ones look and in some programs are like the others. */
    private static long atSigns(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC).chars().filter(c -> c == '@').count();
    }

    private static Optional<String> address(String text, boolean mayBeInternational) {
        return ADDRESS.matcher(text).matches() && !text.contains("=?")
                && text.codePoints().allMatch(MailboxList::isVisible)
                && (mayBeInternational || text.chars().allMatch(c -> c < 128))
                        ? Optional.of(CanonicalAddress.inForm(text))
                        : Optional.empty();
    }

    /** The name as it was meant; empty if a colon may begin a group, or some program would find an address in it. */
    private static Optional<String> name(String written) {
        return EncodedWords.runs(written)
                .flatMap(SingleMailbox::joined)
                .map(name -> BLANKS.matcher(name).replaceAll(" ").strip())
                .filter(name -> atSigns(name) == 0 && !name.contains("=?"))
                .filter(name -> name.length() + name.chars().filter(c -> c == '\\' || c == '"').count() < MOST_OCTETS);
    }

    private static Optional<String> joined(List<EncodedWords.Run> runs) {
        boolean balanced = runs.stream().filter(run -> !run.isWord()).mapToInt(run -> quotes(run.text())).sum()
                % 2 == 0;
        var name = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < runs.size(); i++) {
            EncodedWords.Run run = runs.get(i);
            boolean betweenWords = i > 0 && i < runs.size() - 1 && run.text().isBlank();
            if (run.isWord()) {
                name.append(run.text());
            } else if (!betweenWords) {
                for (int c = 0; c < run.text().length(); c++) {
                    char next = run.text().charAt(c);
                    if (next == '\\' && quoted && c + 1 < run.text().length()) {
                        name.append(run.text().charAt(++c));
                    } else if (next == '"') {
                        quoted = balanced && !quoted;
                    } else if (next == ':' && !quoted) {
                        return Optional.empty();
                    } else {
                        name.append(next);
                    }
                }
            }
        }
        return Optional.of(name.toString());
    }

    private static int quotes(String text) {
        int quotes = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == '"') {
                quotes++;
            }
        }
        return quotes;
    }
}
