package dev.postrider.message.header;

import java.util.Locale;

/**
 * What a field of a header is, for all who look for one (RFC 5322 section 2.2): a line that begins with a name of visible
 * ASCII characters and a colon, and the lines after it that begin with white space. Spaces before the colon are obsolete
 * and allowed (section 4.5); so are some within a name, for whoever reads the header must see what other programs might
 * take for a field. Octets above 127 are not allowed in a name (RFC 6532 section 3.2 extends bodies alone). The first line
 * that is neither ends the header, whether it is empty or not.
 */
public final class FieldGrammar {
    /** Octets of a line without its end (RFC 5322 section 2.1.1). */
    public static final int LONGEST_LINE = 998;
    /** Octets of a name: RFC 5322 has no limit but that of the line, in which a colon follows. */
    public static final int LONGEST_NAME = LONGEST_LINE - 1;

    private FieldGrammar() {}

    /** Whether an octet may be one of a name, or stand between it and the colon. */
    static boolean isOfName(byte octet, boolean first) {
        return octet > ' ' && octet <= '~' && octet != ':' || !first && isWhite(octet);
    }

    static boolean isWhite(byte octet) {
        return octet == ' ' || octet == '\t';
    }

    /** Where the colon of a line is that begins a field; -1 if it does not. */
    static int colon(byte[] line, int count) {
        int at = 0;
        while (at < count && at <= LONGEST_NAME && isOfName(line[at], at == 0)) {
            at++;
        }
        return at > 0 && at < count && at <= LONGEST_NAME && line[at] == ':' ? at : -1;
    }

    /** The name that stands before a colon, in lower case and without spaces around it. */
    public static String name(String beforeColon) {
        return beforeColon.strip().toLowerCase(Locale.ROOT);
    }

    /** What stands before the first white space of a name: some programs take that for the name. */
    public static String beforeBlank(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) == ' ' || name.charAt(i) == '\t') {
                return name.substring(0, i);
            }
        }
        return name;
    }
}
