package dev.postrider.relay.smtp;

import java.util.concurrent.TimeUnit;

/** By when a client must have sent what is read from it. Moments are those of {@link System#nanoTime}. */
final class Pace {
    private final SmtpLimits.Times times;
    private long login = Deadline.NEVER;
    private long line = Deadline.NEVER;
    private long message = Deadline.NEVER;
    private long octets;

    Pace(SmtpLimits.Times times) {
        this.times = times;
    }

    /** From now on, a client that does not log in has only so much time. */
    void awaitLogin() {
        login = System.nanoTime() + times.login().toNanos();
    }

    void loggedIn() {
        login = Deadline.NEVER;
    }

    /** By when a handshake that begins now must have ended. */
    long handshakeDue() {
        long due = System.nanoTime() + times.commandLine().toNanos();
        return login == Deadline.NEVER || due - login < 0 ? due : login;
    }

    /** A command line is next; its time begins with its first octet. */
    void commandLine() {
        line = Deadline.NEVER;
        message = Deadline.NEVER;
    }

    /** The content of a message is next. */
    void message() {
        message = System.nanoTime() + times.message().toNanos();
        octets = 0;
    }

    void came(int count) {
        octets += count;
    }

    /** When the wait for the next octets is over. */
    long due(boolean withinLine) {
        if (message != Deadline.NEVER) {
            return message + TimeUnit.SECONDS.toNanos(octets / times.octetsPerSecond());
        }
        if (withinLine && line == Deadline.NEVER) {
            line = System.nanoTime() + times.commandLine().toNanos();
        }
        return login == Deadline.NEVER || (line != Deadline.NEVER && line - login < 0) ? line : login;
    }
}
