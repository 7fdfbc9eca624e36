package dev.postrider.route;

import com.ibm.icu.text.IDNA;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;

/**
 * A mail address in the one form in which it is compared. Another code point is another address, however alike they
 * look.
 *
 * @param localPart without the quotes that it does not need to be the same (RFC 5321 section 4.1.2); its case counts
 *                  (RFC 5321 section 2.4). In normalization form C (RFC 6532 section 3.1)
 * @param domain    as of {@link #domain}
 */
public record CanonicalAddress(String localPart, String domain) {
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
