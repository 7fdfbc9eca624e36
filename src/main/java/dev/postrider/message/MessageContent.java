package dev.postrider.message;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A message, header and body, with lines ended by CR LF and without dot stuffing. */
public interface MessageContent {
    /** Size in octets. */
    long size();

    /** A new stream over the whole message; whoever opens it closes it. */
    InputStream open() throws IOException;

    /** A message that stands in memory; the octets are not copied. */
    static MessageContent of(byte[] octets) {
        return new MessageContent() {
            @Override
            public long size() {
                return octets.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(octets);
            }
        };
    }
}
