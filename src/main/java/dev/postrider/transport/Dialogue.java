package dev.postrider.transport;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What client and server said, as it is told to people: a line each, {@code C:} or {@code S:} before it. Logins and the
 * message itself are left out; of a long dialogue the end is kept, about 4 KiB. What a server says is shown once it has
 * spoken its protocol: before that it may be any service that a tenant points at.
 */
final class Dialogue {
    private static final int MAX_LENGTH = 4096;
    private static final int MAX_LINE = 512;
    private static final String UNPROVED = "?S: ";
    private static final String NOT_SHOWN = "S: (not shown, since it may not be a mail server)";

    private final boolean recording;
    private final Deque<String> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream client = new ByteArrayOutputStream();
    private final ByteArrayOutputStream server = new ByteArrayOutputStream();
    private int length;
    private boolean cut;
    private boolean login;
    private boolean content;
    private Protocol protocol = Protocol.SMTP;
    private boolean spoken;

    /** What a server is expected to speak, and a line by which it shows that it does. */
    enum Protocol {
        /** A reply to EHLO, or a refusal of one who connects; FTP answers EHLO by 500, 502, 503 or 530. */
        SMTP(Pattern.compile("(250|421|45[0-9]|50[14]|55[0-9])([ -].*)?|[45][0-9]{2}[ -][45]\\.[0-9]+\\.[0-9]+\\b.*")),
        /** RFC 1939 section 3. */
        POP3(Pattern.compile("(\\+OK|-ERR)\\b.*"));

        private final Pattern sign;

        Protocol(Pattern sign) {
            this.sign = sign;
        }

        /** Whether no other protocol has such a line. */
        boolean isSpokenBy(String line) {
            return sign.matcher(line).matches();
        }
    }

    Dialogue(boolean recording) {
        this.recording = recording;
    }

    /** A new connection, to a server of this protocol. */
    void expect(Protocol expected) {
        protocol = expected;
        spoken = false;
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
                add(fromClient ? "C: " + (login ? withoutLogin(text) : text) : server(text));
            } else if (line.size() < MAX_LINE) {
                line.write(bytes[i]);
            }
        }
    }

    private String server(String text) {
        if (!spoken && protocol.isSpokenBy(text)) {
            spoken = true;
            List<String> shown = lines.stream()
                    .map(line -> line.startsWith(UNPROVED) ? line.substring(1) : line)
                    .toList();
            length -= (int) lines.stream().filter(line -> line.startsWith(UNPROVED)).count();
            lines.clear();
            lines.addAll(shown);
        }
        return spoken ? "S: " + text : UNPROVED + text;
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
            add(server(server.toString(StandardCharsets.UTF_8).strip().replaceAll("\\p{Cntrl}", "?")));
            server.reset();
        }
        StringBuilder text = new StringBuilder(cut ? "...\n" : "");
        lines.forEach(line -> text.append(line.startsWith(UNPROVED) ? NOT_SHOWN : line).append('\n'));
        return text.toString();
    }
}
