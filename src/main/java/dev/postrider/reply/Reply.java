package dev.postrider.reply;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server's reply (RFC 5321 section 4.2).
 *
 * @param code     200 to 599
 * @param enhanced enhanced status code (RFC 3463), as {@code 5.7.1}, where the server gave one
 * @param text     the whole reply in one line, the code included: {@code 250 2.0.0 Ok: queued as 4XyZ}
 * @param isSmtp   whether that is so; otherwise it is an answer of HTTP, with its status code
 */
public record Reply(int code, Optional<String> enhanced, String text, boolean isSmtp) {
    private static final int MAX_TEXT = 1000;
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[^ -~]");
    private static final Pattern LINE = Pattern
            .compile("([2-5][0-9]{2})(?:[ -](?:([245]\\.[0-9]{1,3}\\.[0-9]{1,3})(?: |$))?(.*))?");

    /** A reply of SMTP. */
    public Reply(int code, Optional<String> enhanced, String text) {
        this(code, enhanced, text, true);
    }

    /**
     * Reads a reply of one or more lines. Octets that are not printable ASCII become question marks, and what is longer
     * than 1,000 characters is cut.
     *
     * @return empty if that is not a reply
     */
    public static Optional<Reply> parse(String lines) {
        int code = 0;
        Optional<String> enhanced = Optional.empty();
        StringBuilder text = new StringBuilder();
        for (String line : lines.lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            if (code == 0) {
                code = Integer.parseInt(matcher.group(1));
                enhanced = Optional.ofNullable(matcher.group(2));
                text.append(code);
                enhanced.ifPresent(status -> text.append(' ').append(status));
            }
            String words = matcher.group(3);
            if (words != null && !words.isBlank() && text.length() < MAX_TEXT) {
                text.append(' ').append(NOT_PRINTABLE.matcher(words.strip()).replaceAll("?"));
            }
        }
        text.setLength(Math.min(text.length(), MAX_TEXT));
        return code == 0 ? Optional.empty() : Optional.of(new Reply(code, enhanced, text.toString()));
    }

    /** Whether the server did what it was asked (2yz). */
    public boolean positive() {
        return code / 100 == 2;
    }
}
