package dev.postrider.relay.smtp;

import java.time.Duration;

/**
 * Bounds of a session, each with the reply that says so.
 *
 * @param messageSize             octets (552 5.3.4, RFC 1870)
 * @param textLine                octets of a line of a message without CR LF. RFC 5321 section 4.5.3.1.6 asks for 998
 *                                at least; mail as programs write it has longer ones (554 5.6.0)
 * @param recipients              of a message, at least 100 by RFC 5321 section 4.5.3.1.8 (452 4.5.3)
 * @param messagesPerSession      (421 4.7.0)
 * @param sessions                in total (421 4.3.2)
 * @param sessionsPerAddress      of one client address (421 4.7.0)
 * @param sessionsPerUser         that have logged in as one organization (421 4.7.0)
 * @param badCommands             in a row (421 4.7.0)
 * @param failedLogins            in a session (421 4.7.0)
 * @param idle                    without an octet from the client; RFC 5321 section 4.5.3.2.7 asks for five minutes
 *                                (421 4.4.2)
 */
public record SmtpLimits(long messageSize, int textLine, int recipients, int messagesPerSession, int sessions,
        int sessionsPerAddress, int sessionsPerUser, int badCommands, int failedLogins, Duration idle) {

    /** Octets of a command line without CR LF: RFC 5321 section 4.5.3.1.4 and what SIZE, BODY, SMTPUTF8, AUTH add. */
    static final int COMMAND_LINE = 510 + 26 + 17 + 10 + 500;

    /** Octets of a line of AUTH without CR LF (RFC 4954 section 4). */
    static final int AUTH_LINE = 12288 - 2;

    public static final SmtpLimits DEFAULT = new SmtpLimits(26_214_400, 65_536, 1000, 10_000, 4000, 500, 500, 20, 5,
            Duration.ofMinutes(5));

    public SmtpLimits {
        if (messageSize < 1 || textLine < 998 || recipients < 1 || messagesPerSession < 1 || sessions < 1
                || sessionsPerAddress < 1 || sessionsPerUser < 1 || badCommands < 1 || failedLogins < 1
                || !idle.isPositive()) {
            throw new IllegalArgumentException(
                    "limits must be positive and text lines of 998 octets be allowed, but are " + "messageSize="
                            + messageSize + ", textLine=" + textLine + ", recipients=" + recipients + ", idle=" + idle);
        }
    }
}
