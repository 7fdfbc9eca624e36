package dev.postrider.relay.smtp;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * The argument of MAIL and RCPT: a path and what follows it (RFC 5321 section 4.1.2, with the UTF-8 of RFC 6531).
 *
 * @param mailbox    what is in the angle brackets, without source route; empty for {@code <>}
 * @param parameters the text after the path, trimmed
 */
record SmtpPath(String mailbox, String parameters) {
    private static final int LOCAL_PART = 64;
    private static final int DOMAIN = 255;
    private static final int PATH = 254;

    static final String ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\x{80}-\\x{FFFC}\\x{10000}-\\x{10FFFF}-]+";
    private static final Pattern DOT_STRING = Pattern.compile(ATEXT + "(?:\\." + ATEXT + ")*");
    private static final Pattern QUOTED = Pattern.compile(
            "\"(?:[ !#-\\[\\]-~\\x{80}-\\x{FFFC}\\x{10000}-\\x{10FFFF}]|\\\\[ -~])*\"");
    private static final String LETTER = "A-Za-z0-9\\x{80}-\\x{FFFC}\\x{10000}-\\x{10FFFF}";
    private static final String LABEL = "[" + LETTER + "](?:[" + LETTER + "-]{0,61}[" + LETTER + "])?";
    private static final Pattern NAME = Pattern.compile(LABEL + "(?:\\." + LABEL + ")*");
    /** Computers have such names, and call their users so: root@my_host.example. */
    private static final String CLIENTS_LABEL = "[" + LETTER + "_](?:[" + LETTER + "_-]{0,61}[" + LETTER + "_])?";
    private static final Pattern CLIENTS_NAME = Pattern.compile(CLIENTS_LABEL + "(?:\\." + CLIENTS_LABEL + ")*");
    private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("\\[" + BYTE + "(?:\\." + BYTE + "){3}\\]");
    private static final Pattern IPV6 = Pattern.compile("\\[(?i:IPv6):([0-9A-Fa-f:.]{2,45})\\]");
    private static final Pattern SOURCE_ROUTE = Pattern.compile("@[^,:<>\"]+(?:,@[^,:<>\"]+)*:");

    /**
     * Reads what stands after {@code FROM:} or {@code TO:}. Spaces before the path are passed over: RFC 5321 forbids
     * them, clients send them.
     */
    static Optional<SmtpPath> parse(String text) {
        String path = text.stripLeading();
        if (!path.startsWith("<")) {
            return Optional.empty();
        }
        int end = end(path);
        if (end < 0 || (end + 1 < path.length() && path.charAt(end + 1) != ' ')) {
            return Optional.empty();
        }
        String inner = path.substring(1, end);
        return withoutRoute(inner)
                .filter(mailbox -> mailbox.isEmpty() || isPostmaster(mailbox) || isMailbox(mailbox, NAME))
                .map(mailbox -> new SmtpPath(mailbox, path.substring(end + 1).strip()));
    }

    /** What is in the brackets without its source route, which must lead to somebody. */
    static Optional<String> withoutRoute(String inner) {
        var route = SOURCE_ROUTE.matcher(inner);
        String mailbox = route.lookingAt() ? inner.substring(route.end()) : inner;
        return mailbox.isEmpty() && !inner.isEmpty() ? Optional.empty() : Optional.of(mailbox);
    }

    static boolean isQuoted(String localPart) {
        return QUOTED.matcher(localPart).matches();
    }

    /** Whether it is a mailbox, if underscores are allowed in its domain. */
    static boolean isClientsMailbox(String mailbox) {
        return isMailbox(mailbox, CLIENTS_NAME);
    }

    /** Whether it needs SMTPUTF8. */
    boolean isInternational() {
        return mailbox.chars().anyMatch(c -> c > 127);
    }

    /** The one address without a domain (RFC 5321 section 4.1.1.3). */
    boolean isPostmaster() {
        return isPostmaster(mailbox);
    }

    static boolean isPostmaster(String mailbox) {
        return mailbox.equalsIgnoreCase("postmaster");
    }

    /** Where the closing bracket of a path is that begins with one; negative if there is none. */
    static int end(String path) {
        return unquoted(path, 1, c -> c == '>');
    }

    /** Where the first such character is that is not in quotes; negative if there is none. */
    static int unquoted(String path, int from, IntPredicate wanted) {
        boolean quoted = false;
        for (int i = from; i < path.length(); i++) {
            char c = path.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && wanted.test(c)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isMailbox(String mailbox, Pattern name) {
        int at = mailbox.lastIndexOf('@');
        if (at < 1) {
            return false;
        }
        String local = mailbox.substring(0, at);
        String domain = mailbox.substring(at + 1);
        return octets(mailbox) <= PATH && octets(local) <= LOCAL_PART && octets(domain) <= DOMAIN
                && (DOT_STRING.matcher(local).matches() || QUOTED.matcher(local).matches())
                && (name.matcher(domain).matches() || isLiteral(domain));
    }

    private static boolean isLiteral(String domain) {
        if (IPV4.matcher(domain).matches()) {
            return true;
        }
        var v6 = IPV6.matcher(domain);
        return v6.matches() && isIpv6(v6.group(1));
    }

    private static boolean isIpv6(String text) {
        try {
            return java.net.Inet6Address.ofLiteral(text).getAddress().length == 16;
        } catch (IllegalArgumentException e) {
            // The JDK makes an Inet4Address of ::ffff:1.2.3.4, and says so here with an exception.
            return false;
        }
    }

    private static int octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
