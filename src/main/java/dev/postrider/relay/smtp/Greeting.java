package dev.postrider.relay.smtp;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * How the client introduced itself.
 *
 * @param name     a domain or an address literal; empty as long as it did not
 * @param extended whether by EHLO
 */
record Greeting(String name, boolean extended) {
    static final Greeting NONE = new Greeting("", false);

    private static final Predicate<String> NAME = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,255}").asMatchPredicate();

    static Optional<Greeting> parse(String name, boolean extended) {
        return NAME.test(name) ? Optional.of(new Greeting(name, extended)) : Optional.empty();
    }

    /** The keyword for Received: ESMTPSA and its like (RFC 3848, RFC 6531 section 3.7.3). */
    String protocol(boolean smtpUtf8, boolean tls, boolean loggedIn) {
        return extended ? (smtpUtf8 ? "UTF8SMTP" : "ESMTP") + (tls ? "S" : "") + (loggedIn ? "A" : "") : "SMTP";
    }
}
