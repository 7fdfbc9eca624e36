package dev.postrider.message.header;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Finds the fields of a message's header while it passes ({@link FieldGrammar}), whatever blocks its octets come in. What
 * follows the header passes unchanged; what is passed on of a field is for those who extend this. A name without an end
 * makes the methods throw an {@link OverlongNameException}.
 */
public abstract class HeaderFilter extends FilterOutputStream {
    private byte[] line = new byte[80];
    private int length;
    private boolean inHeader = true;
    private boolean inBody;
    private boolean anyField;
    /** Whether white space is in what may be a name. */
    private boolean blank;

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
                if (length == line.length) {
                    line = Arrays.copyOf(line, 2 * length);
                }
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
        if (first && FieldGrammar.isWhite(octet) && anyField) {
            body(line, 0, length);
            beginBody();
        } else if (octet == ':' && !first) {
            anyField = true;
            blank = false;
            field(FieldGrammar.name(new String(line, 0, length - 1, StandardCharsets.US_ASCII)), line, length);
            beginBody();
        } else if (octet == '\n' && (first || length == 2 && line[0] == '\r')) {
            endHeader(true);
        } else if (line[0] == '\r' ? !first : !FieldGrammar.isOfName(octet, first)) {
            // Not a header: the message has none, or one that somebody forgot to end.
            endHeader(false);
        } else {
            blank |= FieldGrammar.isWhite(octet);
            if (length > FieldGrammar.LONGEST_NAME) {
                endOverlong();
            }
        }
    }

    /** What has spaces is text that somebody forgot to divide from the header; the fields after a name would be lost. */
    private void endOverlong() throws IOException {
        if (anyField && !blank) {
            throw new OverlongNameException();
        }
        endHeader(false);
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
