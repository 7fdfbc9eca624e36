package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a scalar without quotes is to Kubernetes: its clients read YAML 1.1 (sigs.k8s.io/yaml), where {@code yes} and
 * {@code on} are booleans and {@code 0755} is octal.
 */
final class PlainScalar {
    private static final Pattern INTEGER = Pattern
            .compile("([-+]?)(?:0x([0-9a-fA-F]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9][0-9]*))");
    private static final Pattern FLOAT = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?");

    private PlainScalar() {}

    static JsonNode read(String text) {
        return switch (text) {
            case "", "~", "null", "Null", "NULL" -> NullNode.getInstance();
            case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" -> BooleanNode.TRUE;
            case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" -> BooleanNode.FALSE;
            default -> number(text);
        };
    }

    private static JsonNode number(String text) {
        String digits = text.replace("_", "").toLowerCase(Locale.ROOT);
        Matcher integer = INTEGER.matcher(digits);
        if (integer.matches()) {
            int[] radixes = {16, 2, 8, 10};
            for (int group = 0; group < radixes.length; group++) {
                String found = integer.group(group + 2);
                if (found != null) {
                    BigInteger value = new BigInteger(integer.group(1) + found, radixes[group]);
                    return value.bitLength() < Long.SIZE
                            ? LongNode.valueOf(value.longValue())
                            : BigIntegerNode.valueOf(value);
                }
            }
        }
        return FLOAT.matcher(digits).matches()
                ? DecimalNode.valueOf(new BigDecimal(digits))
                : TextNode.valueOf(text);
    }
}
