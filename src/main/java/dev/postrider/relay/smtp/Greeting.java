package dev.postrider.relay.smtp;

import java.util.regex.Pattern;

/**
 * How the client introduced itself.
 *
 * @param name     a domain or an address literal, or what it wrote in place of one, as {@link #of} has it; empty as
 *                 long as it did not
 * @param extended whether by EHLO
 */
record Greeting(String name, boolean extended) {
    static final Greeting NONE = new Greeting("", false);

    /** What a client is called that does not say. */
    private static final String UNKNOWN = "unknown";

    private static final Pattern DISALLOWED = Pattern.compile("[^A-Za-z0-9._:\\[\\]'-]");
    private static final int LONGEST = 255;

    /**
     * The name only gets written down, so a client may call itself what it likes (RFC 5321 section 4.1.4): computers have
     * names with apostrophes, umlauts and blanks. What no domain or literal holds, an apostrophe aside, is written as a
     * question mark.
     */
    static Greeting of(String argument, boolean extended) {
        String name = DISALLOWED.matcher(argument).replaceAll("?");
        return new Greeting(name.isEmpty() ? UNKNOWN : name.substring(0, Math.min(name.length(), LONGEST)), extended);
    }

    /** The keyword for Received: ESMTPSA and its like (RFC 3848, RFC 6531 section 3.7.3). */
    String protocol(boolean smtpUtf8, boolean tls, boolean loggedIn) {
        return extended ? (smtpUtf8 ? "UTF8SMTP" : "ESMTP") + (tls ? "S" : "") + (loggedIn ? "A" : "") : "SMTP";
    }
}
