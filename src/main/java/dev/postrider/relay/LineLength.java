package dev.postrider.relay;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Finds out, while a message passes, how long its longest line is. */
final class LineLength extends FilterOutputStream {
    private long longest;
    private long length;

    LineLength(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[]{(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int offset, int count) throws IOException {
        int start = offset;
        int end = offset + count;
        for (int i = offset; i < end; i++) {
            if (octets[i] == '\n') {
                length += i - start;
                longest = Math.max(longest, length);
                length = -1;
                start = i;
            }
        }
        length += end - start;
        out.write(octets, offset, count);
    }

    /** Octets without CR LF. */
    long longest() {
        // The CR was counted.
        return Math.max(longest - 1, length);
    }
}
