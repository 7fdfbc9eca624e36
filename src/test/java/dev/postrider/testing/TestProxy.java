package dev.postrider.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A proxy on the loopback interface, for CONNECT of HTTP and for SOCKS 5. It knows one name, {@code mail.behind.proxy},
 * which stands for this machine and which nobody else can resolve.
 */
public final class TestProxy implements AutoCloseable {
    public static final String HOST = "mail.behind.proxy";

    private final ServerSocket socket;
    private final boolean socks;
    private final String login;
    private final List<String> targets = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile String answer = "";

    private TestProxy(ServerSocket socket, boolean socks, String login) {
        this.socket = socket;
        this.socks = socks;
        this.login = login;
    }

    /** Starts one for CONNECT; with a login {@code user:password} unless that is empty. */
    public static TestProxy http(String login) {
        return start(false, login);
    }

    /** Starts one for SOCKS 5; with a login {@code user:password} unless that is empty. */
    public static TestProxy socks(String login) {
        return start(true, login);
    }

    private static TestProxy start(boolean socks, String login) {
        try {
            TestProxy proxy = new TestProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), socks, login);
            Thread.ofVirtual().name("test-proxy").start(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers this to every request for a connection, and nothing where it is {@code "silence"}. */
    public TestProxy answering(String text) {
        answer = text;
        return this;
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** Where connections were asked for, as {@code name:port}. */
    public List<String> targets() {
        return targets;
    }

    @Override
    public void close() {
        try {
            socket.close();
            for (Socket connection : open) {
                connection.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> {
                    try (client) {
                        serve(client);
                    } catch (IOException e) {
                        // The client went away, or was sent away.
                    }
                });
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket client) throws IOException {
        if (answer.equals("silence")) {
            client.getInputStream().transferTo(OutputStream.nullOutputStream());
        } else if (socks) {
            socks(client, new DataInputStream(client.getInputStream()), client.getOutputStream());
        } else {
            http(client, client.getInputStream(), client.getOutputStream());
        }
    }

    private void http(Socket client, InputStream in, OutputStream out) throws IOException {
        String request = header(in);
        String wanted = "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        String target = request.split(" ", 3)[1];
        targets.add(target);
        if (!answer.isEmpty()) {
            out.write(answer.getBytes(StandardCharsets.US_ASCII));
        } else if (!login.isEmpty() && !request.lines().toList().contains(wanted)) {
            out.write("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        } else if (target.startsWith("http://")) {
            forward(client, request, URI.create(target), out);
        } else {
            int colon = target.lastIndexOf(':');
            try (Socket server = connect(target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)))) {
                out.write("HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                relay(client, server);
            } catch (IOException e) {
                out.write("HTTP/1.1 502 Bad Gateway\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    /** RFC 9112 section 3.2.1: a server gets the path alone. */
    private void forward(Socket client, String request, URI target, OutputStream out) throws IOException {
        try (Socket server = connect(target.getHost(), target.getPort())) {
            server.getOutputStream()
                    .write(request.replaceFirst(" http://[^/ ]+", " ")
                            .replaceFirst("(?m)^Proxy-Authorization: .*\r\n", "")
                            .getBytes(StandardCharsets.US_ASCII));
            relay(client, server);
        } catch (IOException e) {
            out.write("HTTP/1.1 502 Bad Gateway\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static String header(InputStream in) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        while (!header.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException();
            }
            header.write(octet);
        }
        return header.toString(StandardCharsets.US_ASCII);
    }

    private void socks(Socket client, DataInputStream in, OutputStream out) throws IOException {
        in.readUnsignedByte();
        byte[] methods = in.readNBytes(in.readUnsignedByte());
        if (!login.isEmpty()) {
            boolean offered = new String(methods, StandardCharsets.ISO_8859_1).indexOf(2) >= 0;
            out.write(new byte[]{5, (byte) (offered ? 2 : 0xff)});
            if (!offered) {
                return;
            }
            in.readUnsignedByte();
            String user = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            String password = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            boolean good = login.equals(user + ":" + password);
            out.write(new byte[]{1, (byte) (good ? 0 : 1)});
            if (!good) {
                return;
            }
        } else {
            out.write(new byte[]{5, 0});
        }
        in.readNBytes(3);
        String name = switch (in.readUnsignedByte()) {
            case 1 -> InetAddress.getByAddress(in.readNBytes(4)).getHostAddress();
            case 3 -> new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.US_ASCII);
            case 4 -> InetAddress.getByAddress(in.readNBytes(16)).getHostAddress();
            default -> throw new IOException("a type of address that RFC 1928 does not know");
        };
        int port = in.readUnsignedShort();
        targets.add(name + ":" + port);
        if (!answer.isEmpty()) {
            out.write(reply(Integer.parseInt(answer)));
            return;
        }
        try (Socket server = connect(name, port)) {
            out.write(reply(0));
            relay(client, server);
        } catch (IOException e) {
            out.write(reply(5));
        }
    }

    private static byte[] reply(int code) {
        return new byte[]{5, (byte) code, 0, 1, 127, 0, 0, 1, 0, 25};
    }

    private Socket connect(String name, int port) throws IOException {
        Socket server = new Socket(name.equals(HOST) ? InetAddress.getLoopbackAddress() : InetAddress.getByName(name),
                port);
        open.add(server);
        return server;
    }

    private static void relay(Socket client, Socket server) throws IOException {
        Thread.ofVirtual().start(() -> {
            try {
                server.getInputStream().transferTo(client.getOutputStream());
                client.close();
            } catch (IOException e) {
                // One of them went away.
            }
        });
        client.getInputStream().transferTo(server.getOutputStream());
    }
}
