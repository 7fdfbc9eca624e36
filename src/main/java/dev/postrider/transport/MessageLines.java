package dev.postrider.transport;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads a message line by line, without holding more of a line than is wanted. A line ends with LF; what follows the
 * last one is a line too, if it is anything.
 */
final class MessageLines implements AutoCloseable {
    private final InputStream in;
    private byte[] line = new byte[1024];
    private int length;
    private long start;
    private long position;

    MessageLines(MessageContent message) throws IOException {
        in = new BufferedInputStream(message.open(), 64 * 1024);
    }

    /**
     * Goes to the next line.
     *
     * @param most octets of it that are kept
     * @return whether there is one
     */
    boolean next(int most) throws IOException {
        start = position;
        length = 0;
        int octet = in.read();
        for (; octet >= 0; octet = in.read()) {
            position++;
            if (length < most) {
                if (length == line.length) {
                    line = Arrays.copyOf(line, 2 * length);
                }
                line[length++] = (byte) octet;
            }
            if (octet == '\n') {
                break;
            }
        }
        return position > start;
    }

    /** The line, its end included, as far as it was kept. */
    byte[] octets() {
        return Arrays.copyOf(line, length);
    }

    /** Its first octet. */
    byte first() {
        return line[0];
    }

    /** Whether there is nothing but its end. */
    boolean isEmpty() {
        return line[0] == '\n' || (length > 1 && line[0] == '\r' && line[1] == '\n');
    }

    /** Whether it begins a field: a name of visible characters and a colon, between which there may be spaces. */
    boolean isField() {
        int colon = 0;
        while (colon < length && line[colon] != ':') {
            if (line[colon] >= 0 && line[colon] < ' ' && line[colon] != '\t') {
                return false;
            }
            colon++;
        }
        return colon > 0 && colon < length && line[0] != ' ' && line[0] != '\t';
    }

    /** Where it begins in the message. */
    long start() {
        return start;
    }

    /** Where the next one begins. */
    long end() {
        return position;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
