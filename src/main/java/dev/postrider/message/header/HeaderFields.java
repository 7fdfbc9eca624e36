package dev.postrider.message.header;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Goes through the fields of a header ({@link FieldGrammar}), of a message or of a part of one, without holding more of
 * one than is wanted.
 */
public final class HeaderFields {
    private final MessageLines lines;
    private final int most;
    private final BooleanSupplier isDelimiter;
    private final ByteArrayOutputStream field = new ByteArrayOutputStream();
    private boolean there;
    private long start;
    private long end;
    private long longest;
    private boolean ascii;
    private boolean whole;

    /**
     * Begins with the next line.
     *
     * @param most        octets of a field that are kept, at least {@value FieldGrammar#LONGEST_LINE}
     * @param isDelimiter whether the line at which the lines stand is no part of the header, though it has the form of a
     *                    field: a boundary may have a colon (RFC 2046 section 5.1.1)
     */
    public HeaderFields(MessageLines lines, int most, BooleanSupplier isDelimiter) throws IOException {
        this.lines = lines;
        this.most = most;
        this.isDelimiter = isDelimiter;
        this.there = lines.next(most);
        this.start = lines.start();
        this.end = there ? lines.start() : lines.end();
    }

    /** Of a message. */
    public HeaderFields(MessageLines lines, int most) throws IOException {
        this(lines, most, () -> false);
    }

    /**
     * Goes to the next field.
     *
     * @return whether there is one; otherwise the lines stand at the one that ends the header, if there is such
     */
    public boolean next() throws IOException {
        if (!there || !lines.isField() || isDelimiter.getAsBoolean()) {
            return false;
        }
        field.reset();
        start = lines.start();
        longest = 0;
        ascii = true;
        whole = true;
        do {
            longest = Math.max(longest, lines.size());
            ascii &= lines.isAscii();
            whole &= lines.isWhole() && field.size() + (lines.end() - lines.start()) <= most;
            if (whole || field.size() == 0) {
                lines.copyTo(field);
            }
            end = lines.end();
            there = lines.next(most);
        } while (there && lines.isFold());
        return true;
    }

    /** Whether a line follows the header, at which the lines stand once {@link #next} has said that there is no more. */
    public boolean isFollowed() {
        return there;
    }

    /** Whether that is an empty one, as it should be. */
    public boolean isSeparated() {
        return there && lines.isEmpty();
    }

    /** In lower case, without spaces around it. */
    public String name() {
        byte[] octets = field.toByteArray();
        return FieldGrammar.name(new String(octets, 0, FieldGrammar.colon(octets, octets.length),
                StandardCharsets.US_ASCII));
    }

    /** With its name, folds and line end, as far as they were kept. */
    public byte[] octets() {
        return field.toByteArray();
    }

    /** What follows the colon, as far as it was kept. */
    public byte[] body() {
        byte[] octets = field.toByteArray();
        return Arrays.copyOfRange(octets, FieldGrammar.colon(octets, octets.length) + 1, octets.length);
    }

    /** The same without folds and spaces around it, an octet for each character (ISO 8859-1). */
    public String text() {
        return new String(body(), StandardCharsets.ISO_8859_1).replaceAll("\r?\n", "").strip();
    }

    /** Whether all of it was kept. */
    public boolean isWhole() {
        return whole;
    }

    /** Whether none of its octets, kept or not, is above 127. */
    public boolean isAscii() {
        return ascii;
    }

    /** Octets of its longest line, without the line end. */
    public long longestLine() {
        return longest;
    }

    /** Where it begins in the message. */
    public long start() {
        return start;
    }

    /** Where it ends, which is where the header does after the last one. */
    public long end() {
        return end;
    }
}
