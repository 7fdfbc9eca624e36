package dev.postrider.message;

import java.io.IOException;
import java.io.InputStream;

/** The first octets of a stream, or all of a shorter one. */
public class FirstOctets extends InputStream {
    private final InputStream in;
    private long left;

    /**
     * Reads from where the stream stands.
     *
     * @param in   is closed with this one
     * @param most octets
     */
    public FirstOctets(InputStream in, long most) {
        this.in = in;
        this.left = most;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] octets, int offset, int count) throws IOException {
        if (left == 0) {
            return -1;
        }
        int read = in.read(octets, offset, (int) Math.min(count, left));
        left -= Math.max(read, 0);
        return read;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
