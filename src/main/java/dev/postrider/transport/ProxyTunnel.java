package dev.postrider.transport;

import dev.postrider.route.CertificateNames;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Asks a proxy, over a connection to it, for a way to a server. The proxy resolves the server's name. What the server
 * says is left unread.
 */
record ProxyTunnel(Proxy proxy, String host, int port) {
    private static final int MAX_ANSWER = 16 * 1024;

    private static final int SOCKS_VERSION = 5;
    private static final int NO_LOGIN = 0;
    private static final int PASSWORD = 2;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int DOMAIN_NAME = 3;
    private static final int IPV6 = 4;

    /** The proxy does not open the way, or says what no proxy says; the message tells what and what to do next. */
    static final class RefusedByProxyException extends IOException {
        RefusedByProxyException(String message) {
            super(message);
        }
    }

    /**
     * Opens the way.
     *
     * @throws RefusedByProxyException if the proxy refuses
     * @throws IOException             if the connection to the proxy breaks
     */
    void open(Socket socket) throws IOException {
        switch (proxy.type()) {
            case HTTP -> connect(socket.getInputStream(), socket.getOutputStream());
            case SOCKS5 -> socks(new DataInputStream(socket.getInputStream()), socket.getOutputStream());
        }
    }

    /** RFC 9110 section 9.3.6. */
    private void connect(InputStream in, OutputStream out) throws IOException {
        String target = Endpoint.display(host, port);
        StringBuilder request = new StringBuilder("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n");
        proxy.login()
                .ifPresent(login -> request.append("Proxy-Authorization: Basic ")
                        .append(Base64.getEncoder()
                                .encodeToString((login.user() + ":" + login.password())
                                        .getBytes(StandardCharsets.UTF_8)))
                        .append("\r\n"));
        out.write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        String answer = header(in);
        String status = answer.lines().findFirst().orElse("");
        String[] words = status.split(" ", 3);
        if (!status.startsWith("HTTP/1.") || words.length < 2 || !words[1].matches("[1-5][0-9][0-9]")) {
            throw new RefusedByProxyException("the answer is not one of an HTTP proxy; check spec.smtp.proxy.type and "
                    + "port");
        }
        int code = Integer.parseInt(words[1]);
        if (code / 100 == 2) {
            return;
        }
        // No more than what a proxy says for itself: it may be any server of HTTP that a tenant points at.
        throw new RefusedByProxyException("HTTP " + code + switch (code) {
            case 407 -> proxy.login().isPresent()
                    ? ": it does not take this login; check username and password in the Secret of spec.smtp.proxy"
                    : ": it wants a login; name a Secret with username and password in spec.smtp.proxy.secretRef";
            case 403, 405 ->
                ": it does not let anybody through to that host and port; ask its operator to allow CONNECT "
                        + "to " + target;
            case 502, 503, 504 -> ": it cannot reach " + target + " itself; check spec.smtp.host and spec.smtp.port";
            default -> ": it does not open connections; check spec.smtp.proxy.host and port, or ask its operator";
        });
    }

    /** Up to the empty line, octet by octet: what follows is the server's. */
    private static String header(InputStream in) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        int newlines = 0;
        while (newlines < 2) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException("it closed the connection without an answer");
            }
            if (header.size() >= MAX_ANSWER) {
                throw new RefusedByProxyException("the answer is longer than " + MAX_ANSWER + " octets");
            }
            header.write(octet);
            newlines = octet == '\n' ? newlines + 1 : octet == '\r' ? newlines : 0;
        }
        return header.toString(StandardCharsets.ISO_8859_1);
    }

    /** RFC 1928, and RFC 1929 for the login. */
    private void socks(DataInputStream in, OutputStream out) throws IOException {
        Optional<Login.Password> login = proxy.login();
        out.write(login.isPresent()
                ? new byte[]{SOCKS_VERSION, 2, NO_LOGIN, PASSWORD}
                : new byte[]{SOCKS_VERSION, 1, NO_LOGIN});
        out.flush();
        if (in.readUnsignedByte() != SOCKS_VERSION) {
            throw new RefusedByProxyException("the answer is not one of SOCKS 5; check spec.smtp.proxy.type and port");
        }
        int method = in.readUnsignedByte();
        if (method == PASSWORD && login.isPresent()) {
            logIn(in, out, login.get());
        } else if (method != NO_LOGIN) {
            throw new RefusedByProxyException(login.isPresent()
                    ? "it takes no login by user name and password; ask its operator"
                    : "it wants a login; name a Secret with username and password in spec.smtp.proxy.secretRef");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(new byte[]{SOCKS_VERSION, CONNECT, 0});
        request.writeBytes(target());
        request.writeBytes(new byte[]{(byte) (port >> 8), (byte) port});
        out.write(request.toByteArray());
        out.flush();
        in.readUnsignedByte();
        int reply = in.readUnsignedByte();
        if (reply != 0) {
            throw new RefusedByProxyException(meaning(reply));
        }
        in.readUnsignedByte();
        int length = switch (in.readUnsignedByte()) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            case DOMAIN_NAME -> in.readUnsignedByte();
            default -> throw new RefusedByProxyException("the answer is not one of SOCKS 5; ask its operator");
        };
        in.readFully(new byte[length + 2]);
    }

    /** The type of the address, and the address: a name as it is, for the proxy to resolve. */
    private byte[] target() throws IOException {
        ByteArrayOutputStream target = new ByteArrayOutputStream();
        if (CertificateNames.isAddress(host)) {
            byte[] address = InetAddress.getByName(host).getAddress();
            target.write(address.length == 4 ? IPV4 : IPV6);
            target.writeBytes(address);
        } else {
            byte[] name = host.getBytes(StandardCharsets.US_ASCII);
            target.write(DOMAIN_NAME);
            target.write(name.length);
            target.writeBytes(name);
        }
        return target.toByteArray();
    }

    private static void logIn(DataInputStream in, OutputStream out, Login.Password login) throws IOException {
        byte[] user = login.user().getBytes(StandardCharsets.UTF_8);
        byte[] password = login.password().getBytes(StandardCharsets.UTF_8);
        if (user.length > 255 || password.length > 255) {
            throw new RefusedByProxyException("SOCKS 5 takes at most 255 octets of user name and of password; shorten "
                    + "them");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(1);
        request.write(user.length);
        request.writeBytes(user);
        request.write(password.length);
        request.writeBytes(password);
        out.write(request.toByteArray());
        out.flush();
        in.readUnsignedByte();
        if (in.readUnsignedByte() != 0) {
            throw new RefusedByProxyException(
                    "it does not take this login; check username and password in the Secret of spec.smtp.proxy");
        }
    }

    /** RFC 1928 section 6. */
    private String meaning(int reply) {
        String target = Endpoint.display(host, port);
        return switch (reply) {
            case 2 -> "its rules do not allow " + target + " (reply 2); ask its operator";
            case 3, 4 -> "it cannot reach " + target + " (reply " + reply + "); check spec.smtp.host";
            case 5 -> target + " refuses its connection (reply 5); check spec.smtp.port";
            case 6 -> target + " did not answer it in time (reply 6); check spec.smtp.host and spec.smtp.port";
            default -> "it does not connect to " + target + " (reply " + reply + "); ask its operator";
        };
    }
}
