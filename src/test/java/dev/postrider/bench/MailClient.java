package dev.postrider.bench;

import dev.postrider.relay.TestRoutes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.net.SocketFactory;

/** One SMTP session as an application has it; each message is one that smtp-source would send. */
final class MailClient implements AutoCloseable {
    /** Who logs in. */
    record Login(String user, String password) {}

    static final Login LOGIN = new Login("orders.shop", TestRoutes.PASSWORD);

    /** The reply says that the same may be taken later (4yz, RFC 5321, section 4.2.1). */
    static final class NotYetException extends IOException {
        private static final long serialVersionUID = 1L;

        private NotYetException(String reply) {
            super(reply);
        }
    }

    private final Socket socket;
    private final BufferedReader in;
    private final OutputStream out;

    /**
     * Connects, greets, and logs in where it should.
     *
     * @param login whether the port speaks TLS and wants a login
     */
    MailClient(int port, boolean login) throws IOException {
        socket = sockets(login).createSocket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        out = socket.getOutputStream();
        expect("220");
        say("EHLO localhost", "250");
        if (login) {
            byte[] plain = ("\0" + LOGIN.user + "\0" + LOGIN.password).getBytes(StandardCharsets.UTF_8);
            say("AUTH PLAIN " + Base64.getEncoder().encodeToString(plain), "235");
        }
    }

    private static SocketFactory sockets(boolean tls) {
        try {
            return tls
                    ? TestRoutes.trusting(TestRoutes.CERTIFICATE.caCertificate()).getSocketFactory()
                    : SocketFactory.getDefault();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A message of about so many octets. */
    static byte[] message(int octets) {
        var text = new StringBuilder("""
                From: <a@b.example>\r
                To: <x@y.example>\r
                Subject: measured\r
                Date: Thu, 1 Jan 2026 00:00:00 +0000\r
                Message-ID: <1@b.example>\r
                \r
                """);
        while (text.length() < octets) {
            text.append("X".repeat(78)).append("\r\n");
        }
        return text.append(".\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    void send(byte[] message) throws IOException {
        say("MAIL FROM:<a@b.example>", "250");
        say("RCPT TO:<x@y.example>", "250");
        say("DATA", "354");
        out.write(message);
        expect("250");
    }

    private void say(String line, String expected) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        expect(expected);
    }

    private void expect(String code) throws IOException {
        String line = in.readLine();
        while (line != null && line.startsWith("-", 3)) {
            line = in.readLine();
        }
        if (line != null && line.startsWith("4")) {
            throw new NotYetException("expected " + code + ", got " + line);
        }
        if (line == null || !line.startsWith(code)) {
            throw new IOException("expected " + code + ", got " + line);
        }
    }

    @Override
    public void close() throws IOException {
        try (socket) {
            say("QUIT", "221");
        }
    }
}
