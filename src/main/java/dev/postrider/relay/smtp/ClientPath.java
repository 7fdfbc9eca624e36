package dev.postrider.relay.smtp;

import dev.postrider.route.Address;
import dev.postrider.route.CanonicalAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Paths as those write them who have logged in: what names one mailbox, and breaks the grammar of RFC 5321 section 4.1.2
 * in a way that is common, is read and gets its correct form. Nobody but the receiving system knows what stands before
 * an at-sign (RFC 5321 section 2.3.11), and there are mailboxes with dots at its ends and next to each other, as of
 * docomo.ne.jp: such go on in quotes, as Postfix writes them.
 */
final class ClientPath {
    private static final Pattern DOTS_AND_ATOMS = Pattern.compile("(?:" + SmtpPath.ATEXT + "|\\.)+");

    private ClientPath() {}

    /**
     * Reads what stands after {@code FROM:} or {@code TO:}.
     *
     * @return a path with its mailbox in the correct form: quotes where they are needed and nowhere else, no dot at the
     *         end of the domain, no source route
     */
    static Optional<SmtpPath> parse(String text) {
        String path = text.strip();
        boolean brackets = path.startsWith("<");
        int end = brackets ? SmtpPath.end(path) : endOfBare(path);
        if (end < 0 || brackets && end + 1 < path.length() && !isBlank(path.charAt(end + 1))) {
            return Optional.empty();
        }
        String inner = brackets ? path.substring(1, end).strip() : path.substring(0, end);
        if (inner.isEmpty() && !brackets) {
            return Optional.empty();
        }
        String parameters = path.substring(brackets ? end + 1 : end).replace('\t', ' ').strip();
        return SmtpPath.withoutRoute(inner)
                .flatMap(ClientPath::mailbox)
                .map(mailbox -> new SmtpPath(mailbox, parameters));
    }

    /** Where a path without brackets ends: at the first blank that is not in quotes. */
    private static int endOfBare(String path) {
        int blank = SmtpPath.unquoted(path, 0, ClientPath::isBlank);
        return blank < 0 ? path.length() : blank;
    }

    private static boolean isBlank(int c) {
        return c == ' ' || c == '\t';
    }

    private static Optional<String> mailbox(String text) {
        if (text.isEmpty() || SmtpPath.isPostmaster(text)) {
            return Optional.of(text);
        }
        String local = text.substring(0, Math.max(text.lastIndexOf('@'), 0));
        return Optional.of(text)
                .filter(_ -> SmtpPath.isQuoted(local) || DOTS_AND_ATOMS.matcher(local).matches())
                .map(CanonicalAddress::inForm)
                .filter(SmtpPath::isClientsMailbox);
    }

    /**
     * The path for a mail without SMTPUTF8: an internationalized domain has a form in ASCII (RFC 5890), and clients leave
     * it to the server to write that.
     */
    static SmtpPath inAscii(SmtpPath path) {
        return Optional.of(path.mailbox())
                .filter(_ -> path.isInternational())
                .flatMap(mailbox -> new Address(mailbox, Optional.empty()).ascii())
                .map(mailbox -> new SmtpPath(mailbox, path.parameters()))
                .orElse(path);
    }
}
