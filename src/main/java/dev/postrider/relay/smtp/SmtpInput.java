package dev.postrider.relay.smtp;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;

/**
 * What the client sends. Only CR LF ends a line (RFC 5321 section 2.3.8): servers that took less for an end let other
 * people's mail be smuggled in.
 */
final class SmtpInput {
    private static final int MOST_GARBAGE = 64 * 1024;

    /** Where octets come from. */
    interface Source {
        /**
         * Reads some octets, and waits for them if there are none.
         *
         * @param withinLine whether a part of a command line has come already
         * @return how many; -1 at the end
         */
        int read(byte[] buffer, boolean withinLine) throws IOException;

        /** How many are there to be read at once; 0 if that is not known. */
        int available() throws IOException;
    }

    private final Source source;
    private final byte[] buffer = new byte[8192];
    private int position;
    private int limit;
    private boolean withinLine;

    SmtpInput(Source source) {
        this.source = source;
    }

    /** The next octet, or -1 at the end. */
    int read() throws IOException {
        if (position == limit) {
            int count = source.read(buffer, withinLine);
            if (count < 0) {
                return -1;
            }
            position = 0;
            limit = count;
        }
        return buffer[position++] & 0xff;
    }

    /** What has come, from {@link #position} to {@link #limit}; not to be changed. */
    byte[] octets() {
        return buffer;
    }

    int position() {
        return position;
    }

    int limit() {
        return limit;
    }

    /** Takes this many of the octets that have come. */
    void skip(int count) {
        position = Objects.checkIndex(position + count, limit + 1);
    }

    /** Whether the client has sent more than was read. */
    boolean hasMore() throws IOException {
        return position < limit || source.available() > 0;
    }

    /** @param most octets in a line, without its CR LF */
    Line readLine(int most) throws IOException {
        int first = read();
        withinLine = true;
        try {
            return line(first, most);
        } finally {
            withinLine = false;
        }
    }

    private Line line(int first, int most) throws IOException {
        byte[] line = new byte[Math.min(most, 256)];
        int length = 0;
        for (int octet = first;; octet = read()) {
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
