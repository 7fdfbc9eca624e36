package dev.postrider.relay.smtp;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A whole session without a network: each read of the listener gets so many octets and no more. */
final class InMemorySession {
    private InMemorySession() {}

    /**
     * Lets a client say everything, then go away.
     *
     * @param octets of the client, as ISO 8859-1
     * @param most   octets in one segment
     * @return the replies
     */
    static String converse(SmtpListener listener, byte[] octets, int most) {
        var socket = new OctetsSocket(octets, most);
        switch (new Places(listener.settings().limits().sessions(), false, new SimpleMeterRegistry())
                .enter(socket.getInetAddress())) {
            case Places.Full full -> throw new AssertionError("no place: " + full.reply());
            case Places.Place place -> new SmtpSession(listener, socket, SmtpListener.Start.PLAIN, place).run();
        }
        return socket.replies.toString(StandardCharsets.ISO_8859_1);
    }

    private static final class OctetsSocket extends Socket {
        private final ByteArrayOutputStream replies = new ByteArrayOutputStream();
        private final InputStream in;

        OctetsSocket(byte[] octets, int most) {
            this.in = new ByteArrayInputStream(octets) {
                @Override
                public int read(byte[] buffer, int offset, int length) {
                    return super.read(buffer, offset, Math.min(length, most));
                }

                @Override
                public int read(byte[] buffer) {
                    return read(buffer, 0, buffer.length);
                }
            };
        }

        @Override
        public InputStream getInputStream() {
            return in;
        }

        @Override
        public OutputStream getOutputStream() {
            return replies;
        }

        @Override
        public InetAddress getInetAddress() {
            return InetAddress.getLoopbackAddress();
        }

        @Override
        public void setSoTimeout(int timeout) {}

        @Override
        public void setTcpNoDelay(boolean on) {}

        @Override
        public void shutdownInput() {}

        @Override
        public void shutdownOutput() {}
    }
}
