package dev.postrider.relay.smtp;

import dev.postrider.message.header.Xtext;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address that a message was first sent to (RFC 3461 section 4.2, RFC 6533 section 3).
 *
 * @param type    of the address, such as rfc822 or utf-8
 * @param address decoded; without control characters, and in ASCII unless the type is utf-8
 */
public record OriginalRecipient(String type, String address) {
    private static final int LONGEST = 500;
    private static final String UTF_8 = "utf-8";
    private static final Pattern ATOM = Pattern.compile("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+");
    private static final Pattern EMBEDDED = Pattern.compile("\\\\x\\{([0-9A-F]{2,5}|10[0-9A-F]{4})\\}");

    static OriginalRecipient parse(String value) throws EsmtpParameters.Refused {
        int semicolon = value.indexOf(';');
        if (semicolon < 0 || value.length() > LONGEST || !ATOM.matcher(value.substring(0, semicolon)).matches()) {
            throw wrong();
        }
        String type = value.substring(0, semicolon);
        String text = value.substring(semicolon + 1);
        Optional<String> address = type.equalsIgnoreCase(UTF_8)
                ? international(text)
                : Xtext.decode(text).filter(Xtext::isPrintable);
        return new OriginalRecipient(type,
                address.filter(some -> !some.isEmpty()).orElseThrow(OriginalRecipient::wrong));
    }

    /** UTF-8 as it is, or characters as <code>\x{HEX}</code> in xtext (RFC 6533 section 3). */
    private static Optional<String> international(String text) {
        return Xtext.decodeAnd(text, c -> c > 127)
                .map(decoded -> EMBEDDED.matcher(decoded)
                        .replaceAll(match -> Matcher
                                .quoteReplacement(Character.toString(Integer.parseInt(match.group(1), 16)))))
                .filter(decoded -> decoded.codePoints().noneMatch(OriginalRecipient::isForbidden));
    }

    private static boolean isForbidden(int codePoint) {
        return Character.isISOControl(codePoint) || codePoint == 0xFFFD
                || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
    }

    /** As ORCPT has it, in ASCII whatever the address. */
    public String parameter() {
        if (!type.equalsIgnoreCase(UTF_8)) {
            return type + ";" + Xtext.encode(address);
        }
        var encoded = new StringBuilder(type).append(';');
        address.codePoints().forEach(codePoint -> {
            if (codePoint > 32 && codePoint < 127 && codePoint != '+' && codePoint != '=' && codePoint != '\\') {
                encoded.append((char) codePoint);
            } else {
                encoded.append("\\x{").append(String.format("%02X", codePoint)).append('}');
            }
        });
        return encoded.toString();
    }

    private static EsmtpParameters.Refused wrong() {
        return EsmtpParameters.Refused.syntax("ORCPT must be a type, a semicolon and an address in xtext, at most "
                + LONGEST + " characters");
    }
}
