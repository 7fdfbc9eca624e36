package dev.postrider.message.header;

import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads a message line by line, without holding more of a line than is wanted. A line ends with LF; what follows the
 * last one is a line too, if it is anything. Lets other virtual threads on after each block, so that a large message
 * holds up nobody.
 */
public final class MessageLines implements AutoCloseable {
    private static final int BLOCK = 32 * 1024;

    private final InputStream in;
    private final byte[] block = new byte[BLOCK];
    private int next;
    private int limit;
    private byte[] line = new byte[1024];
    private int length;
    private long start;
    private long position;
    private int lineEnd;
    private int beyondAscii;

    public MessageLines(MessageContent message) throws IOException {
        in = message.open();
    }

    /**
     * Goes to the next line.
     *
     * @param most octets of it that are kept
     * @return whether there is one
     */
    public boolean next(int most) throws IOException {
        start = position;
        length = 0;
        lineEnd = 0;
        beyondAscii = 0;
        boolean ended = false;
        byte last = 0;
        while (!ended && (next < limit || fill())) {
            int from = next;
            while (next < limit && block[next] != '\n') {
                beyondAscii -= block[next++] >> 7;
            }
            ended = next < limit;
            if (ended) {
                byte before = next > from ? block[next - 1] : last;
                lineEnd = before == '\r' && position + next - from > start ? 2 : 1;
                next++;
            }
            last = block[next - 1];
            position += next - from;
            keep(from, Math.min(next - from, most - length));
        }
        return position > start;
    }

    private boolean fill() throws IOException {
        LargeWork.letOthersOn();
        next = 0;
        limit = Math.max(0, in.read(block));
        return limit > 0;
    }

    private void keep(int from, int count) {
        if (count > 0) {
            if (length + count > line.length) {
                line = Arrays.copyOf(line, Math.max(length + count, 2 * line.length));
            }
            System.arraycopy(block, from, line, length, count);
            length += count;
        }
    }

    /** The line, its end included, as far as it was kept. */
    public byte[] octets() {
        return Arrays.copyOf(line, length);
    }

    /** Appends the line, its end included, as far as it was kept. */
    public void copyTo(ByteArrayOutputStream out) {
        out.write(line, 0, length);
    }

    /** Its first octet. */
    public byte first() {
        return line[0];
    }

    /** Whether there is nothing but its end. */
    public boolean isEmpty() {
        return line[0] == '\n' || (length > 1 && line[0] == '\r' && line[1] == '\n');
    }

    /** Whether it continues the field of the line before (RFC 5322 section 2.2.3). */
    public boolean isFold() {
        return FieldGrammar.isWhite(line[0]);
    }

    /** Whether it may be the delimiter of a part (RFC 2046 section 5.1.1). */
    public boolean hasDashes() {
        return length > 2 && line[0] == '-' && line[1] == '-';
    }

    /** Whether it begins a field, which shows in the first {@value FieldGrammar#LONGEST_LINE} octets. */
    public boolean isField() {
        return FieldGrammar.colon(line, length) > 0;
    }

    /** Whether none of its octets, kept or not, is above 127. */
    public boolean isAscii() {
        return beyondAscii == 0;
    }

    /** Whether all of it was kept. */
    public boolean isWhole() {
        return length == position - start;
    }

    /** Octets without CR LF or LF at its end. */
    public long size() {
        return position - start - lineEnd;
    }

    /** Where it begins in the message. */
    public long start() {
        return start;
    }

    /** Where the next one begins. */
    public long end() {
        return position;
    }

    /** Octets of CR LF or LF at its end. */
    public int lineEnd() {
        return lineEnd;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
