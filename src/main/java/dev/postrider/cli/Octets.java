package dev.postrider.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a size as Kubernetes writes quantities: 500Mi, 50Gi, 1000000. */
final class Octets implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})(|Ki|Mi|Gi|Ti)");

    @Override
    public Long convert(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new TypeConversionException("'" + text + "' is no size; allowed are octets, or Ki, Mi, Gi, Ti of "
                    + "them, as 500Mi");
        }
        int power = switch (size.group(2)) {
            case "Ki" -> 10;
            case "Mi" -> 20;
            case "Gi" -> 30;
            case "Ti" -> 40;
            default -> 0;
        };
        return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << power);
    }
}
