package dev.postrider.relay;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Counts what is written. */
final class CountedOutput extends FilterOutputStream {
    private long octets;

    CountedOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int octet) throws IOException {
        out.write(octet);
        octets++;
    }

    @Override
    public void write(byte[] some, int offset, int count) throws IOException {
        out.write(some, offset, count);
        octets += count;
    }

    long octets() {
        return octets;
    }
}
