package dev.postrider.route;

import com.ibm.icu.text.IDNA;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A mail address in the one form in which it is compared. Another code point is another address, however alike they
 * look.
 *
 * @param localPart without the quotes that it does not need to be the same (RFC 5321 section 4.1.2); its case counts
 *                  (RFC 5321 section 2.4). In normalization form C (RFC 6532 section 3.1)
 * @param domain    as of {@link #domain}
 */
public record CanonicalAddress(String localPart, String domain) {
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\x{80}-\\x{10FFFF}-]+";
    private static final Pattern DOT_ATOM = Pattern.compile(ATOM + "(?:\\." + ATOM + ")*+");
    private static final IDNA UTS_46 = IDNA.getUTS46Instance(IDNA.USE_STD3_RULES | IDNA.CHECK_BIDI
            | IDNA.CHECK_CONTEXTJ | IDNA.NONTRANSITIONAL_TO_ASCII | IDNA.NONTRANSITIONAL_TO_UNICODE);

    /** Of a text with an at-sign, whatever stands around it; a domain that is none stays as it is. */
    public static CanonicalAddress of(String address) {
        int at = address.lastIndexOf('@');
        String domain = address.substring(at + 1);
        return new CanonicalAddress(normalized(unquoted(address.substring(0, Math.max(at, 0)))),
                domain(domain).orElse(domain));
    }

    /**
     * A domain in lower case and with A-labels (RFC 5890 section 2.3.2.1); an address literal stays as it is. Empty if
     * it has characters beyond ASCII and is no internationalized domain in U-labels: what IDNA would first map to
     * other characters is none.
     */
    public static Optional<String> domain(String domain) {
        String lower = domain.toLowerCase(Locale.ROOT);
        if (lower.chars().allMatch(c -> c < 128)) {
            return Optional.of(lower);
        }
        var info = new IDNA.Info();
        String ascii = UTS_46.nameToASCII(lower, new StringBuilder(), info).toString();
        var back = new IDNA.Info();
        String unicode = UTS_46.nameToUnicode(ascii, new StringBuilder(), back).toString();
        return info.hasErrors() || back.hasErrors() || !unicode.equals(normalized(lower))
                ? Optional.empty()
                : Optional.of(ascii);
    }

    /**
     * Whether who may send as this may send as the other: the case of ASCII letters before the at-sign does not count.
     * Few servers tell two mailboxes apart by that, and none gives them to two owners.
     */
    public boolean isSameSender(CanonicalAddress other) {
        return domain.equals(other.domain) && sender().equals(other.sender());
    }

    /** What it has in common with all that are the same sender, and with no other. */
    CanonicalAddress sender() {
        return new CanonicalAddress(lowerAscii(localPart), domain);
    }

    /**
     * An address whose letters before the at-sign have the case that they have in another, and all else as it is.
     *
     * @param sender for which {@link #isSameSender} holds
     */
    public static String spelled(String address, CanonicalAddress sender) {
        int end = Math.max(address.lastIndexOf('@'), 0);
        int[] letters = sender.localPart.chars().filter(CanonicalAddress::isLetter).toArray();
        if (address.substring(0, end).chars().filter(CanonicalAddress::isLetter).count() != letters.length) {
            // A composed letter on one side, and a decomposed one on the other.
            return address;
        }
        var spelled = new StringBuilder(address);
        int next = 0;
        for (int i = 0; i < end; i++) {
            if (isLetter(address.charAt(i))) {
                spelled.setCharAt(i, (char) letters[next++]);
            }
        }
        return spelled.toString();
    }

    private static boolean isLetter(int c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    /** Letters of ASCII alone: Unicode makes a k of the Kelvin sign, and an s of the long one. */
    private static String lowerAscii(String text) {
        var lower = new StringBuilder(text.length());
        text.chars().forEach(c -> lower.append((char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)));
        return lower.toString();
    }

    /**
     * An address as it is written (RFC 5321 section 4.1.2): in quotes only what needs them, and no dot at the end of the
     * domain. All else stays as it is.
     */
    public static String inForm(String address) {
        int at = address.lastIndexOf('@');
        if (at < 0) {
            return address;
        }
        String plain = unquoted(address.substring(0, at));
        String local = DOT_ATOM.matcher(plain).matches()
                ? plain
                : '"' + plain.replaceAll("[\"\\\\]", "\\\\$0") + '"';
        int end = address.length() - (address.endsWith(".") && address.length() - at > 2 ? 1 : 0);
        return local + address.substring(at, end);
    }

    private static String unquoted(String localPart) {
        if (localPart.length() < 2 || !localPart.startsWith("\"") || !localPart.endsWith("\"")) {
            return localPart;
        }
        return localPart.substring(1, localPart.length() - 1).replaceAll("\\\\(.)", "$1");
    }

    private static String normalized(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }
}
