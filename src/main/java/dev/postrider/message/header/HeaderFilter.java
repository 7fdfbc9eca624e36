package dev.postrider.message.header;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Finds the fields of a message's header while it passes (RFC 5322 section 2.2), whatever blocks its octets come in.
 * What follows the header passes unchanged; what is passed on of a field is for those who extend this.
 */
public abstract class HeaderFilter extends FilterOutputStream {
    private static final int LONGEST_NAME = 76;

    private final byte[] line = new byte[LONGEST_NAME];
    private int length;
    private boolean inHeader = true;
    private boolean inBody;
    private boolean anyField;

    protected HeaderFilter(OutputStream out) {
        super(out);
    }

    /**
     * A field begins.
     *
     * @param name  in lower case, without spaces around it
     * @param start the octets up to the colon, that included, in the first {@code count}
     */
    protected abstract void field(String name, byte[] start, int count) throws IOException;

    /** Some octets of the body of the field that began last, its line ends and folds included. */
    protected abstract void body(byte[] octets, int offset, int count) throws IOException;

    /**
     * The header is over, and what ended it is about to pass.
     *
     * @param separated whether that is an empty line, or nothing at all; otherwise it is a line that is no field
     */
    protected abstract void endOfHeader(boolean separated) throws IOException;

    @Override
    public final void write(int octet) throws IOException {
        write(new byte[]{(byte) octet}, 0, 1);
    }

    /** Gathers the start of each line of the header until it is known what the line is. */
    @Override
    public final void write(byte[] octets, int offset, int count) throws IOException {
        int position = offset;
        int end = offset + count;
        while (inHeader && position < end) {
            if (inBody) {
                int after = afterLineFeed(octets, position, end);
                body(octets, position, after - position);
                inBody = octets[after - 1] != '\n';
                position = after;
            } else {
                line[length++] = octets[position];
                classify(octets[position]);
                position++;
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
            body(line, 0, length);
            beginBody();
        } else if (octet == ':' && length > 1) {
            anyField = true;
            field(new String(line, 0, length - 1, StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT), line,
                    length);
            beginBody();
        } else if (length == 2 && line[0] == '\r' && octet == '\n') {
            endHeader(true);
        } else if (length == line.length || !(isNameOctet(octet) || (first && octet == '\r'))) {
            // Not a header: the message has none, or one that somebody forgot to end.
            endHeader(false);
        }
    }

    /** Spaces before the colon are obsolete and allowed (RFC 5322 section 4.5). */
    private boolean isNameOctet(byte octet) {
        return (octet > ' ' && octet <= '~') || (length > 1 && (octet == ' ' || octet == '\t'));
    }

    private void beginBody() {
        length = 0;
        inBody = true;
    }

    private void endHeader(boolean separated) throws IOException {
        inHeader = false;
        endOfHeader(separated);
        out.write(line, 0, length);
        length = 0;
    }

    /** Whether the header is over, so that the rest passes unread. */
    public final boolean isOver() {
        return !inHeader;
    }

    /** Ends a message that had nothing but a header, or not even that. */
    public final void finish() throws IOException {
        if (inHeader) {
            endHeader(length == 0);
        }
    }
}
