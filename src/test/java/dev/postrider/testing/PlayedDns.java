package dev.postrider.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A DNS server on loopback that knows TXT records (RFC 1035), and plays faults. */
public final class PlayedDns implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int TYPE_TXT = 16;

    private final DatagramSocket socket;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    /** What is answered for a name. */
    private record Answer(int code, boolean silent, List<String> values) {}

    private PlayedDns(DatagramSocket socket) {
        this.socket = socket;
        Thread.ofVirtual().start(this::serve);
    }

    public static PlayedDns start() throws IOException {
        return new PlayedDns(new DatagramSocket(0, InetAddress.getLoopbackAddress()));
    }

    /** For settings. */
    public String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** The names that were asked for, in their order, those of repeated tries included. */
    public List<String> asked() {
        return asked;
    }

    public PlayedDns says(String name, String... values) {
        answers.put(name, new Answer(0, false, List.of(values)));
        return this;
    }

    /** Answers with a code of RFC 1035 section 4.1.1, as 2 (SERVFAIL) or 3 (NXDOMAIN). */
    public PlayedDns fails(String name, int code) {
        answers.put(name, new Answer(code, false, List.of()));
        return this;
    }

    public PlayedDns staysSilent(String name) {
        answers.put(name, new Answer(0, true, List.of()));
        return this;
    }

    private void serve() {
        byte[] buffer = new byte[1500];
        while (!socket.isClosed()) {
            try {
                var query = new DatagramPacket(buffer, buffer.length);
                socket.receive(query);
                byte[] octets = Arrays.copyOf(buffer, query.getLength());
                String name = name(octets);
                asked.add(name);
                Answer answer = answers.getOrDefault(name, new Answer(3, false, List.of()));
                if (!answer.silent) {
                    byte[] reply = reply(octets, answer);
                    socket.send(new DatagramPacket(reply, reply.length, query.getSocketAddress()));
                }
            } catch (IOException e) {
                return;
            }
        }
    }

    private static String name(byte[] query) {
        StringBuilder name = new StringBuilder();
        int at = HEADER;
        while (query[at] != 0) {
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII));
            at += query[at] + 1;
        }
        return name.toString().toLowerCase(Locale.ROOT);
    }

    private static byte[] reply(byte[] query, Answer answer) {
        int end = HEADER;
        while (query[end] != 0) {
            end += query[end] + 1;
        }
        end += 5;
        var reply = new ByteArrayOutputStream();
        reply.write(query, 0, 2);
        // A response, recursion asked for and available, and one question.
        reply.writeBytes(new byte[]{(byte) 0x81, (byte) (0x80 | answer.code), 0, 1, 0,
                (byte) answer.values.size(), 0, 0, 0, 0});
        reply.write(query, HEADER, end - HEADER);
        for (String value : answer.values) {
            byte[] text = value.getBytes(StandardCharsets.US_ASCII);
            // The name is that of the question; class IN, a minute.
            reply.writeBytes(new byte[]{(byte) 0xc0, HEADER, 0, TYPE_TXT, 0, 1, 0, 0, 0, 60, 0,
                    (byte) (text.length + 1), (byte) text.length});
            reply.writeBytes(text);
        }
        return reply.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
    }
}
