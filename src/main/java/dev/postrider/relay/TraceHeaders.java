package dev.postrider.relay;

import dev.postrider.relay.smtp.MailDate;
import dev.postrider.relay.smtp.Submission;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Puts the Received field before a message (RFC 5321 section 4.4) and adds Date and Message-ID where they are missing
 * (RFC 6409 section 8). All else passes unchanged. A message that goes round in a loop makes the methods throw a
 * {@link dev.postrider.relay.smtp.IncomingMessage.RefusedException}.
 */
final class TraceHeaders extends FilterOutputStream {
    private static final int LONGEST_NAME = 76;

    private final ReceivedField field;
    private final LoopDetection loop;
    private final byte[] line = new byte[LONGEST_NAME];
    private int length;
    private boolean inHeader = true;
    private boolean lineIsField;
    private boolean inReceived;
    private boolean anyField;
    private boolean hasDate;
    private boolean hasMessageId;

    /** @param field whose queue id is unique enough for a Message-ID */
    TraceHeaders(OutputStream out, Submission submission, ReceivedField field, LoopDetection loop)
            throws IOException {
        super(out);
        this.field = field;
        this.loop = loop;
        put(field.of(submission));
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[]{(byte) octet}, 0, 1);
    }

    /** Gathers the start of each line of the header until it is known what the line is. */
    @Override
    public void write(byte[] octets, int offset, int count) throws IOException {
        int position = offset;
        int end = offset + count;
        while (inHeader && position < end) {
            byte octet = octets[position];
            if (lineIsField) {
                int after = afterLineFeed(octets, position, end);
                out.write(octets, position, after - position);
                if (inReceived) {
                    loop.body(octets, position, after - position);
                }
                lineIsField = octets[after - 1] != '\n';
                position = after;
            } else {
                line[length++] = octet;
                position++;
                classify(octet);
            }
        }
        if (position < end) {
            out.write(octets, position, end - position);
        }
    }

    private static int afterLineFeed(byte[] octets, int from, int end) {
        int position = from;
        while (position < end && octets[position] != '\n') {
            position++;
        }
        return Math.min(position + 1, end);
    }

    private void classify(byte octet) throws IOException {
        boolean first = length == 1;
        if (first && (octet == ' ' || octet == '\t') && anyField) {
            startOfField();
        } else if (octet == ':' && length > 1) {
            String name = new String(line, 0, length - 1, StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
            hasDate |= name.equals("date");
            hasMessageId |= name.equals("message-id");
            anyField = true;
            endField();
            if (name.equals("received")) {
                inReceived = true;
                loop.begin();
            }
            startOfField();
        } else if (length == 2 && line[0] == '\r' && octet == '\n') {
            complete();
            endHeader();
        } else if (length == line.length || !(isNameOctet(octet) || (first && octet == '\r'))) {
            // Not a header: the message has none, or one that somebody forgot to end.
            complete();
            put("\r\n");
            endHeader();
        }
    }

    /** Spaces before the colon are obsolete and allowed (RFC 5322 section 4.5). */
    private boolean isNameOctet(byte octet) {
        return (octet > ' ' && octet <= '~') || (length > 1 && (octet == ' ' || octet == '\t'));
    }

    private void startOfField() throws IOException {
        out.write(line, 0, length);
        length = 0;
        lineIsField = true;
    }

    private void endField() throws IOException {
        if (inReceived) {
            inReceived = false;
            loop.end();
        }
    }

    private void endHeader() throws IOException {
        endField();
        out.write(line, 0, length);
        length = 0;
        inHeader = false;
    }

    /** Ends a message that had nothing but a header, or not even that. */
    void finish() throws IOException {
        if (!inHeader) {
            return;
        }
        complete();
        if (length > 0) {
            put("\r\n");
        }
        endHeader();
    }

    private void complete() throws IOException {
        if (!hasDate) {
            put("Date: " + MailDate.of(field.time()) + "\r\n");
        }
        if (!hasMessageId) {
            put("Message-ID: <" + field.id() + "@" + field.hostName() + ">\r\n");
        }
    }

    private void put(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
