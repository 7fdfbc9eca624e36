package dev.postrider.relay.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.util.Objects;

/**
 * What a client sends from its TLS handshake on. The handshake has a turn of {@link Handshakes} but while it waits for
 * the client, so that a client that says nothing keeps no other from its turn.
 */
final class HandshakeInput extends InputStream {
    private final InputStream in;
    private final Handshakes handshakes;
    private final InetAddress client;
    private final long until;
    private boolean turn;
    private boolean over;

    /** @param until by when the handshake must have ended, a moment of {@link System#nanoTime} */
    HandshakeInput(InputStream in, Handshakes handshakes, InetAddress client, long until) {
        this.in = in;
        this.handshakes = handshakes;
        this.client = client;
        this.until = until;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] octets, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, octets.length);
        if (over) {
            return in.read(octets, offset, count);
        }
        if (turn && in.available() > 0) {
            return in.read(octets, offset, count);
        }
        endTurn();
        int some = in.read(octets, offset, count);
        handshakes.begin(client, until);
        turn = true;
        return some;
    }

    private void endTurn() {
        if (turn) {
            turn = false;
            handshakes.end();
        }
    }

    /** The handshake has ended, well or not. */
    void handshakeOver() {
        over = true;
        endTurn();
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }
}
