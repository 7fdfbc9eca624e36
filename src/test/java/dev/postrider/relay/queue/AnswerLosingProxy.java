package dev.postrider.relay.queue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/** A way to a database on which the connection breaks once a statement was done, before its answer comes. */
final class AnswerLosingProxy implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final int database;
    private volatile String lost = "";
    private volatile CountDownLatch done = new CountDownLatch(0);

    AnswerLosingProxy(int database) throws IOException {
        this.database = database;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return socket.getLocalPort();
    }

    /** The answer to the next statement that holds this text does not come. */
    void lose(String text) {
        lost = text;
    }

    /** The same, and the database does it when that is over. */
    void lose(String text, CountDownLatch until) {
        done = until;
        lose(text);
    }

    boolean hasLost() {
        return lost.isEmpty();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                var server = new Socket(InetAddress.getLoopbackAddress(), database);
                Thread.ofVirtual().start(() -> pass(client, server));
                Thread.ofVirtual().start(() -> answer(server, client));
            } catch (IOException e) {
                // Closed, or the client was faster to go.
            }
        }
    }

    private void pass(Socket client, Socket server) {
        byte[] octets = new byte[64 * 1024];
        try (client; server; InputStream in = client.getInputStream(); OutputStream out = server.getOutputStream()) {
            for (int count = in.read(octets); count >= 0; count = in.read(octets)) {
                String text = lost;
                if (!text.isEmpty() && new String(octets, 0, count, StandardCharsets.ISO_8859_1).contains(text)) {
                    // The server does it all the same, and finds nobody to answer.
                    CountDownLatch until = done;
                    lost = "";
                    client.close();
                    until.await();
                    out.write(octets, 0, count);
                    server.shutdownOutput();
                    return;
                }
                out.write(octets, 0, count);
            }
        } catch (IOException e) {
            // The other direction has closed it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(Socket server, Socket client) {
        try (server; client) {
            server.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException e) {
            // The other direction has closed it.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
