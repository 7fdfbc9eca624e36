package dev.postrider.message.change;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Says whether what was read of a stream has the form of UTF-8 (RFC 3629 section 3); that is not closed. */
final class Utf8Check extends FilterInputStream {
    private int following;
    private boolean broken;

    Utf8Check(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] octets, int offset, int count) throws IOException {
        int read = super.read(octets, offset, count);
        for (int i = offset; i < offset + read; i++) {
            if (octets[i] < 0 || following > 0) {
                check(octets[i] & 0xff);
            }
        }
        return read;
    }

    private void check(int octet) {
        if (following > 0) {
            following--;
            broken |= octet < 0x80 || octet > 0xbf;
        } else if (octet < 0xc2 || octet > 0xf4) {
            broken = true;
        } else {
            following = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
        }
    }

    /** Asked at the end. */
    boolean isUtf8() {
        return !broken && following == 0;
    }
}
