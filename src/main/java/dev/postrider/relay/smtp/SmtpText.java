package dev.postrider.relay.smtp;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** Pieces of text in commands and replies. */
final class SmtpText {
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[^ -~]");

    private SmtpText() {}

    /** What follows a keyword at the start, in any case. */
    static Optional<String> after(String keyword, String text) {
        return text.regionMatches(true, 0, keyword, 0, keyword.length())
                ? Optional.of(text.substring(keyword.length()))
                : Optional.empty();
    }

    /** Where the first space or tab is; negative if there is none. */
    static int blank(String text) {
        int space = text.indexOf(' ');
        int tab = text.indexOf('\t');
        return tab >= 0 && (space < 0 || tab < space) ? tab : space;
    }

    /** As one line of printable ASCII. */
    static String ascii(String text) {
        return NOT_PRINTABLE.matcher(text).replaceAll("?");
    }

    static String message(Exception e) {
        return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }
}
