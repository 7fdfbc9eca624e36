package dev.postrider.relay.queue;

import dev.postrider.transport.MessageContent;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** A small message that has just come in. */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record InMemory(byte[] octets) implements MessageContent {
    @Override
    public long size() {
        return octets.length;
    }

    @Override
    public InputStream open() {
        return new ByteArrayInputStream(octets);
    }
}
