package dev.postrider.transport;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What client and server said, as it is told to people: a line each, {@code C:} or {@code S:} before it. Logins and the
 * message itself are left out; of a long dialogue the end is kept, about 4 KiB.
 */
final class Dialogue {
    private static final int MAX_LENGTH = 4096;
    private static final int MAX_LINE = 512;

    private final boolean recording;
    private final Deque<String> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream client = new ByteArrayOutputStream();
    private final ByteArrayOutputStream server = new ByteArrayOutputStream();
    private int length;
    private boolean cut;
    private boolean login;
    private boolean content;

    Dialogue(boolean recording) {
        this.recording = recording;
    }

    /** Whether it is kept, as that of a test mail is. */
    boolean isRecording() {
        return recording;
    }

    /** Forgets what was said. */
    void clear() {
        lines.clear();
        client.reset();
        server.reset();
        length = 0;
        cut = false;
        content = false;
    }

    /** From here on until it ends, nothing that the client says is kept. */
    void login(boolean begins) {
        login = begins;
    }

    /** From here until the server answers the client sends the message. */
    void message(long size) {
        if (recording) {
            add("C: (the message, " + size + " octets)");
        }
        content = true;
    }

    /** A remark of our own. */
    void note(String text) {
        if (recording) {
            add("-- " + text);
        }
    }

    void sent(byte[] bytes, int offset, int count) {
        if (!content) {
            collect(true, bytes, offset, count);
        }
    }

    void received(byte[] bytes, int offset, int count) {
        content = false;
        collect(false, bytes, offset, count);
    }

    private void collect(boolean fromClient, byte[] bytes, int offset, int count) {
        if (!recording) {
            return;
        }
        ByteArrayOutputStream line = fromClient ? client : server;
        for (int i = offset; i < offset + count; i++) {
            if (bytes[i] == '\n') {
                String text = line.toString(StandardCharsets.UTF_8).strip().replaceAll("\\p{Cntrl}", "?");
                line.reset();
                add(fromClient ? "C: " + (login ? withoutLogin(text) : text) : "S: " + text);
            } else if (line.size() < MAX_LINE) {
                line.write(bytes[i]);
            }
        }
    }

    private static String withoutLogin(String line) {
        String[] words = line.split(" ", 3);
        return words[0].equals("AUTH") && words.length > 1 ? "AUTH " + words[1] + " ***" : "***";
    }

    private void add(String line) {
        lines.add(line);
        length += line.length() + 1;
        while (length > MAX_LENGTH) {
            length -= lines.remove().length() + 1;
            cut = true;
        }
    }

    /** The lines, each ended by a line feed; empty if nothing was recorded. */
    String text() {
        if (server.size() > 0) {
            add("S: " + server.toString(StandardCharsets.UTF_8).strip().replaceAll("\\p{Cntrl}", "?"));
            server.reset();
        }
        StringBuilder text = new StringBuilder(cut ? "...\n" : "");
        lines.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }
}
