package dev.postrider.relay.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * What the client sends. Only CR LF ends a line (RFC 5321 section 2.3.8): servers that took less for an end let other
 * people's mail be smuggled in.
 */
final class SmtpInput {
    private static final int MOST_GARBAGE = 64 * 1024;

    /** Runs before a read that may wait: the moment to send the replies that have gathered. */
    @FunctionalInterface
    interface BeforeWaiting {
        void run() throws IOException;
    }

    private final InputStream in;
    private final BeforeWaiting beforeWaiting;
    private final byte[] buffer = new byte[8192];
    private int position;
    private int limit;

    SmtpInput(InputStream in, BeforeWaiting beforeWaiting) {
        this.in = in;
        this.beforeWaiting = beforeWaiting;
    }

    /** The next octet, or -1 at the end. */
    int read() throws IOException {
        if (position == limit) {
            beforeWaiting.run();
            int count = in.read(buffer);
            if (count < 0) {
                return -1;
            }
            position = 0;
            limit = count;
        }
        return buffer[position++] & 0xff;
    }

    /** Whether the client has sent more than was read. */
    boolean hasMore() throws IOException {
        return position < limit || in.available() > 0;
    }

    /** @param most octets in a line, without its CR LF */
    Line readLine(int most) throws IOException {
        byte[] line = new byte[Math.min(most, 256)];
        int length = 0;
        for (int octet = read();; octet = read()) {
            switch (octet) {
                case -1 -> {
                    return new Line.End();
                }
                case '\r' -> {
                    int next = read();
                    if (next != '\n') {
                        return next < 0 ? new Line.End() : new Line.Broken();
                    }
                    return length > most ? new Line.TooLong() : Line.Text.of(line, length);
                }
                case '\n', 0 -> {
                    return new Line.Broken();
                }
                default -> {
                    if (length == line.length && length < most) {
                        line = Arrays.copyOf(line, Math.min(most, length * 2));
                    }
                    if (length < most) {
                        line[length] = (byte) octet;
                    }
                    if (++length > MOST_GARBAGE) {
                        return new Line.Broken();
                    }
                }
            }
        }
    }
}
