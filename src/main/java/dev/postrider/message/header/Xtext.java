package dev.postrider.message.header;

import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;

/** The encoding of parameters' values that may hold anything printable (RFC 3461 section 4). */
public final class Xtext {
    private Xtext() {}

    /** What a text stands for, each octet a character; empty if it is not xtext. */
    public static Optional<String> decode(String text) {
        return decodeAnd(text, c -> false);
    }

    /** As {@link #decode}, and lets some more characters stand for themselves. */
    public static Optional<String> decodeAnd(String text, IntPredicate literally) {
        var decoded = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '+') {
                if (i + 2 >= text.length() || !isHex(text.charAt(i + 1)) || !isHex(text.charAt(i + 2))) {
                    return Optional.empty();
                }
                decoded.append((char) Integer.parseInt(text, i + 1, i + 3, 16));
                i += 2;
            } else if ((c > ' ' && c < 127 && c != '=') || literally.test(c)) {
                decoded.append(c);
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(decoded.toString());
    }

    /** Digits and capital letters, says the grammar; some clients write small ones. */
    private static boolean isHex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    }

    /** Encodes a text of characters up to U+00FF. */
    public static String encode(String text) {
        var encoded = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > ' ' && c < 127 && c != '+' && c != '=') {
                encoded.append(c);
            } else {
                encoded.append(String.format(Locale.ROOT, "+%02X", (int) c));
            }
        }
        return encoded.toString();
    }

    public static boolean isPrintable(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c < 127);
    }
}
