package dev.postrider.route;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as Kubernetes writes quantities: {@code 500Mi}, {@code 50Gi}, {@code 1000000}. */
public final class Sizes {
    /** As a regular expression. */
    public static final String FORM = "([0-9]{1,12})(|Ki|Mi|Gi|Ti)";

    private static final Pattern SIZE = Pattern.compile(FORM);

    private Sizes() {}

    /**
     * Reads one, as octets.
     *
     * @throws IllegalArgumentException if it is not octets or Ki, Mi, Gi, Ti of them, or more than 2^63 - 1 octets
     */
    public static long read(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size; allowed are octets, or Ki, Mi, Gi, Ti of "
                    + "them, as 500Mi");
        }
        int power = switch (size.group(2)) {
            case "Ki" -> 10;
            case "Mi" -> 20;
            case "Gi" -> 30;
            case "Ti" -> 40;
            default -> 0;
        };
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << power);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is too large a size; allowed are up to 8388607Ti", e);
        }
    }
}
