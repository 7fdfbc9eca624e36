package dev.postrider.relay.smtp;

import java.time.Duration;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Bounds of a session, each with the reply that says so.
 *
 * @param messageSize          octets (552 5.3.4, RFC 1870)
 * @param textLine             octets of a line of a message without CR LF. RFC 5321 section 4.5.3.1.6 asks for 998 at
 *                             least; HTML as programs write it is one line, pictures included (554 5.6.0)
 * @param recipients           of a message, at least 100 by RFC 5321 section 4.5.3.1.8 (452 4.5.3)
 * @param messagesPerSession   (421 4.7.0)
 * @param commandsPerMessage   from one accepted message, or the start, to the next; more than recipients (421 4.7.0)
 * @param sessions             that are open at a time
 * @param badCommands          in a row (421 4.7.0)
 * @param failedLogins         in a session (421 4.7.0)
 * @param times                how long a client may take
 */
public record SmtpLimits(long messageSize, int textLine, int recipients, int messagesPerSession,
        int commandsPerMessage, Sessions sessions, int badCommands, int failedLogins, Times times) {

    /**
     * How many sessions are open at a time. Those without a login and those with one have places of their own, so that
     * who cannot log in keeps nobody out who can. Where no login is required, all have all of them.
     *
     * @param anonymous    without a login. Once there are so many, the oldest one of the address, or IPv6 network of 64
     *                     bits, that has most of them makes room for a new one (421 4.7.0)
     * @param loggedIn     with a login. Once there are so many, one that waits for its client, of the group that has
     *                     most, makes room for one of a group with fewer (421 4.3.2)
     * @param account      of one account, an organization (421 4.7.0)
     * @param group        of one group of accounts, a namespace (421 4.7.0)
     */
    public record Sessions(int anonymous, int loggedIn, int account, int group) {
        public Sessions {
            if (!IntStream.of(anonymous, loggedIn, account, group).allMatch(limit -> limit > 0)) {
                throw new IllegalArgumentException("sessions must be positive, but are anonymous=" + anonymous
                        + ", loggedIn=" + loggedIn + ", account=" + account + ", group=" + group);
            }
        }

        /** Octets of the heap for a session; an idle one with TLS was measured to take 28 KiB. */
        private static final long HEAP = 80 * 1024;
        private static final int MOST = 4000;

        /** 1,000 without and 3,000 with a login, or fewer with a heap of less than 313 MiB. */
        static Sessions within(long heap) {
            int all = Math.clamp(heap / HEAP, 16, MOST);
            return new Sessions(all / 4, all - all / 4, all / 8, all * 3 / 16);
        }

        int all() {
            return anonymous + loggedIn;
        }
    }

    /**
     * How long a client may take; each is answered 421 4.4.2, where the client still reads. They are looked at once a
     * second, or more often where they are shorter than some seconds.
     *
     * @param idle             without an octet from the client; RFC 5321 section 4.5.3.2.7 asks for five minutes
     * @param commandLine      from the first octet of a command line to its end, and for a TLS handshake
     * @param login            from the connection to the login, where one is required, whatever comes in between
     * @param reply            to take replies; then the connection is closed without one
     * @param message          for the content of a message, and a second more for each {@code octetsPerSecond}
     * @param octetsPerSecond  that a client must send on average of a message that takes longer
     */
    public record Times(Duration idle, Duration commandLine, Duration login, Duration reply, Duration message,
            int octetsPerSecond) {
        public static final Times DEFAULT = new Times(Duration.ofMinutes(5), Duration.ofMinutes(1),
                Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(5), 1024);

        public Times {
            if (octetsPerSecond < 1
                    || !Stream.of(idle, commandLine, login, reply, message).allMatch(Duration::isPositive)) {
                throw new IllegalArgumentException("times must be positive, but are idle=" + idle + ", commandLine="
                        + commandLine + ", login=" + login + ", reply=" + reply + ", message=" + message
                        + ", octetsPerSecond=" + octetsPerSecond);
            }
        }

        /** The shortest of them, which says how often to look. */
        Duration shortest() {
            return Stream.of(idle, commandLine, login, reply, message).min(Duration::compareTo).orElseThrow();
        }
    }

    /** Octets of a command line without CR LF: RFC 5321 section 4.5.3.1.4 and what SIZE, BODY, SMTPUTF8, AUTH, DSN add. */
    static final int COMMAND_LINE = 510 + 26 + 17 + 10 + 500 + 118;

    /** Octets of a line of AUTH without CR LF (RFC 4954 section 4). */
    static final int AUTH_LINE = 12288 - 2;

    public static final SmtpLimits DEFAULT = new SmtpLimits(26_214_400, 4_194_304, 1000, 10_000, 2000,
            Sessions.within(Runtime.getRuntime().maxMemory()), 20, 5, Times.DEFAULT);

    public SmtpLimits {
        boolean positive = messageSize > 0 && IntStream.of(recipients, messagesPerSession, badCommands, failedLogins)
                .allMatch(limit -> limit > 0);
        if (!positive || textLine < 998 || commandsPerMessage <= recipients) {
            throw new IllegalArgumentException("limits must be positive, text lines of 998 octets be allowed, and more"
                    + " commands than recipients, but are messageSize=" + messageSize + ", textLine=" + textLine
                    + ", recipients=" + recipients + ", commandsPerMessage=" + commandsPerMessage);
        }
    }
}
