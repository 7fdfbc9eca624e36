package dev.postrider.plan.binding;

import dev.postrider.route.Address;
import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/** Values as the syntaxes of configuration files write them. */
final class Quoted {
    private Quoted() {}

    /** The value of a property, as {@link java.util.Properties#load(java.io.Reader)} reads it, in ASCII. */
    static String property(String value) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' || c == ' ' && i == 0) {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                text.append("\\u%04x".formatted((int) c));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    /**
     * In double quotes, as YAML (1.2 section 7.3.1), JSON and Python read it alike. Control characters and what one of
     * them takes for a line end are escaped; all else stands for itself, for YAML knows no pairs of surrogates.
     */
    static String doubly(String value) {
        return value.codePoints().mapToObj(Quoted::escaped).collect(Collectors.joining("", "\"", "\""));
    }

    private static String escaped(int c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case 0x2028, 0x2029, 0xFEFF -> "\\u%04x".formatted(c);
            default -> c < ' ' || c >= 0x7f && c <= 0xa0 ? "\\u%04x".formatted(c) : Character.toString(c);
        };
    }

    /** In single quotes, in which Ruby and PHP know two escapes alone. */
    static String singly(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    /** Name and address as a header shows them (RFC 5322 section 3.4), with a name in whatever characters it has. */
    static String mailbox(Address address) {
        return address.name()
                .filter(name -> !name.isEmpty())
                .map(name -> "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\" <" + address.address() + ">")
                .orElseGet(address::address);
    }

    /** The same with a name beyond ASCII as encoded words (RFC 2047), for those who would encode the address too. */
    static String asciiMailbox(Address address) {
        return address.name()
                .filter(name -> !name.isEmpty() && !StandardCharsets.US_ASCII.newEncoder().canEncode(name))
                .map(name -> encodedWords(name) + " <" + address.address() + ">")
                .orElseGet(() -> mailbox(address));
    }

    private static String encodedWords(String name) {
        try {
            return MimeUtility.encodeWord(name, StandardCharsets.UTF_8.name(), "B").replace("\r\n", "");
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("UTF-8 is always there", e);
        }
    }
}
