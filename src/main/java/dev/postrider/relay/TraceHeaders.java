package dev.postrider.relay;

import dev.postrider.message.header.HeaderFilter;
import dev.postrider.message.header.MailDate;
import dev.postrider.relay.smtp.Submission;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Puts the Received field before a message (RFC 5321 section 4.4) and adds Date and Message-ID where they are missing
 * (RFC 6409 section 8). All else passes unchanged. A message that goes round in a loop makes the methods throw a
 * {@link dev.postrider.relay.smtp.IncomingMessage.RefusedException}.
 */
final class TraceHeaders extends HeaderFilter {
    private final ReceivedField field;
    private final LoopDetection loop;
    private boolean inReceived;
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
    protected void field(String name, byte[] start, int count) throws IOException {
        hasDate |= name.equals("date");
        hasMessageId |= name.equals("message-id");
        endField();
        if (name.equals("received")) {
            inReceived = true;
            loop.begin();
        }
        out.write(start, 0, count);
    }

    @Override
    protected void body(byte[] octets, int offset, int count) throws IOException {
        out.write(octets, offset, count);
        if (inReceived) {
            loop.body(octets, offset, count);
        }
    }

    private void endField() throws IOException {
        if (inReceived) {
            inReceived = false;
            loop.end();
        }
    }

    @Override
    protected void endOfHeader(boolean separated) throws IOException {
        endField();
        if (!hasDate) {
            put("Date: " + MailDate.of(field.time()) + "\r\n");
        }
        if (!hasMessageId) {
            put("Message-ID: <" + field.id() + "@" + field.hostName() + ">\r\n");
        }
        if (!separated) {
            put("\r\n");
        }
    }

    private void put(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
