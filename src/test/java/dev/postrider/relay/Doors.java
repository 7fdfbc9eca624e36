package dev.postrider.relay;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Ways to one SMTP server, one for each of its clients: counts the sessions that are open over all of them, and knows
 * whose each is.
 */
final class Doors implements AutoCloseable {
    private static final class Session {
        private final Socket client;
        private final Socket server;
        private boolean forgotten;

        private Session(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }
    }

    private final int server;
    private final List<ServerSocket> sockets = new ArrayList<>();
    private final List<Set<Session>> open = new ArrayList<>();
    private int most;
    private int mailsOfForgotten;

    Doors(int server, int doors) throws IOException {
        this.server = server;
        for (int i = 0; i < doors; i++) {
            int door = i;
            var socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            open.add(new HashSet<>());
            Thread.ofVirtual().name("door-" + door).start(() -> accept(socket, door));
        }
    }

    int port(int door) {
        return sockets.get(door).getLocalPort();
    }

    /** How many sessions were open at once, at most; without forgotten ones. */
    synchronized int most() {
        return most;
    }

    /** Counts the sessions that are open at a door no longer: their client is stopped and cannot close them. */
    synchronized int forget(int door) {
        int sessions = open.get(door).size();
        open.get(door).forEach(session -> session.forgotten = true);
        open.get(door).clear();
        return sessions;
    }

    /** How many mails were begun in sessions after they were forgotten. */
    synchronized int mailsOfForgotten() {
        return mailsOfForgotten;
    }

    private void accept(ServerSocket socket, int door) {
        while (!socket.isClosed()) {
            try {
                var session = new Session(socket.accept(), new Socket(InetAddress.getLoopbackAddress(), server));
                enter(session, door);
                Thread.ofVirtual().start(() -> pass(session, door, false));
                Thread.ofVirtual().start(() -> pass(session, door, true));
            } catch (IOException e) {
                // Closed, or the client was faster to go.
            }
        }
    }

    private synchronized void enter(Session session, int door) {
        open.get(door).add(session);
        most = Math.max(most, open.stream().mapToInt(Set::size).sum());
    }

    private synchronized void leave(Session session, int door) {
        open.get(door).remove(session);
    }

    private void pass(Session session, int door, boolean ofServer) {
        Socket from = ofServer ? session.server : session.client;
        Socket to = ofServer ? session.client : session.server;
        byte[] octets = new byte[16 * 1024];
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            for (int count = in.read(octets); count >= 0; count = in.read(octets)) {
                look(session, door, ofServer, new String(octets, 0, count, StandardCharsets.ISO_8859_1));
                out.write(octets, 0, count);
            }
        } catch (IOException e) {
            // The other direction has closed it.
        } finally {
            leave(session, door);
        }
    }

    private synchronized void look(Session session, int door, boolean ofServer, String text) {
        if (ofServer && text.startsWith("221")) {
            // Whoever reads this may let another connect.
            leave(session, door);
        } else if (!ofServer && session.forgotten && text.contains("MAIL FROM:")) {
            mailsOfForgotten++;
        }
    }

    @Override
    public void close() throws IOException {
        for (ServerSocket socket : sockets) {
            socket.close();
        }
    }
}
