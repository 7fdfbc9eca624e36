package dev.postrider.message.change;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** Ways to write octets in 7 bits and in short lines, so that the same is read as before (RFC 2045 section 6). */
enum TransferEncoding {
    /** Octets as quoted-printable (RFC 2045 section 6.7). */
    QUOTED_PRINTABLE("quoted-printable") {
        @Override
        Encoder encoder() {
            return new QuotedPrintable(false);
        }
    },
    /** What is quoted-printable already, though not by all rules. */
    QUOTED_PRINTABLE_AGAIN("quoted-printable") {
        @Override
        Encoder encoder() {
            return new QuotedPrintable(true);
        }
    },
    /** Octets as base64 (RFC 2045 section 6.8). */
    BASE64("base64") {
        @Override
        Encoder encoder() {
            return new Base64Lines();
        }
    },
    /** What is base64 already, though not by all rules. */
    BASE64_AGAIN("base64") {
        @Override
        Encoder encoder() {
            return new Base64Again();
        }
    },
    /** What nobody reads: before the first part of a multipart and after the last (RFC 2046 section 5.1.1). */
    UNREAD("") {
        @Override
        Encoder encoder() {
            return new Unread();
        }
    };

    private static final int BLOCK = 57 * 128;
    private static final int ENCODED_LINE = 76;
    private static final byte[] LINE_END = {'\r', '\n'};

    private final String text;

    TransferEncoding(String text) {
        this.text = text;
    }

    /** As Content-Transfer-Encoding has it; empty where that does not change. */
    String text() {
        return text;
    }

    /** Whether it is made of octets that were not encoded before, so that the header must say it. */
    boolean isNew() {
        return this == QUOTED_PRINTABLE || this == BASE64;
    }

    abstract Encoder encoder();

    /** Octets of {@link #BASE64}. */
    static long ofBase64(long octets) {
        long rest = octets % 57;
        return octets / 57 * (ENCODED_LINE + 2) + (rest == 0 ? 0 : (rest + 2) / 3 * 4 + 2);
    }

    /** Encodes what a stream has; that is not closed. */
    InputStream of(InputStream in) {
        return new Encoded(in, encoder());
    }

    /** How many octets it makes of what a stream has. */
    long sizeOf(InputStream in) throws IOException {
        Encoder encoder = encoder();
        EncodedOctets out = new EncodedOctets();
        byte[] block = new byte[BLOCK];
        long size = 0;
        for (int count = in.readNBytes(block, 0, BLOCK); count > 0; count = in.readNBytes(block, 0, BLOCK)) {
            encoder.encode(block, count, out);
            size += out.size();
            out.reset();
        }
        encoder.end(out);
        return size + out.size();
    }

    /** Makes one encoding of blocks that follow each other. */
    interface Encoder {
        /**
         * Encodes a block.
         *
         * @param octets as many as fit into a block, but for the last
         */
        void encode(byte[] octets, int count, EncodedOctets out);

        void end(EncodedOctets out);
    }

    /** What was made of a block: grows to four times that, and is not shared between threads as Java's is. */
    static final class EncodedOctets {
        private byte[] octets = new byte[BLOCK];
        private int size;

        void write(int octet) {
            if (size == octets.length) {
                octets = Arrays.copyOf(octets, 2 * size);
            }
            octets[size++] = (byte) octet;
        }

        void writeBytes(byte[] some) {
            for (byte octet : some) {
                write(octet);
            }
        }

        int size() {
            return size;
        }

        void reset() {
            size = 0;
        }
    }

    private static final class Encoded extends InputStream {
        private final InputStream in;
        private final Encoder encoder;
        private final byte[] block = new byte[BLOCK];
        private final EncodedOctets out = new EncodedOctets();
        private int position;
        private boolean ended;

        Encoded(InputStream in, Encoder encoder) {
            this.in = in;
            this.encoder = encoder;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] octets, int offset, int count) throws IOException {
            while (position == out.size) {
                if (ended) {
                    return -1;
                }
                fill();
            }
            int some = Math.min(count, out.size - position);
            System.arraycopy(out.octets, position, octets, offset, some);
            position += some;
            return some;
        }

        private void fill() throws IOException {
            out.reset();
            int count = in.readNBytes(block, 0, BLOCK);
            if (count > 0) {
                encoder.encode(block, count, out);
            } else {
                encoder.end(out);
                ended = true;
            }
            position = 0;
        }
    }

    /** Blocks are whole lines of it. */
    private static final class Base64Lines implements Encoder {
        private final Base64.Encoder encoder = Base64.getMimeEncoder(ENCODED_LINE, LINE_END);

        @Override
        public void encode(byte[] octets, int count, EncodedOctets out) {
            out.writeBytes(encoder.encode(count == octets.length ? octets : Arrays.copyOf(octets, count)));
            out.writeBytes(LINE_END);
        }

        @Override
        public void end(EncodedOctets out) {
            // Each block ends with a line.
        }
    }

    /** What is not of the alphabet is nothing (RFC 2045 section 6.8), so only lines change. */
    private static final class Base64Again implements Encoder {
        private int column;

        @Override
        public void encode(byte[] octets, int count, EncodedOctets out) {
            for (int i = 0; i < count; i++) {
                if (isOfAlphabet(octets[i])) {
                    out.write(octets[i]);
                    if (++column == ENCODED_LINE) {
                        end(out);
                    }
                }
            }
        }

        private static boolean isOfAlphabet(byte octet) {
            return octet >= 'a' && octet <= 'z' || octet >= 'A' && octet <= 'Z' || octet >= '/' && octet <= '9'
                    || octet == '+' || octet == '=';
        }

        @Override
        public void end(EncodedOctets out) {
            if (column > 0) {
                out.writeBytes(LINE_END);
            }
            column = 0;
        }
    }

    private static final class Unread implements Encoder {
        /** A line that goes on begins with a space: it must not look like a delimiter. */
        private static final byte[] FOLD = "\r\n ".getBytes(StandardCharsets.US_ASCII);
        private static final int LONGEST = 900;

        private int column;

        @Override
        public void encode(byte[] octets, int count, EncodedOctets out) {
            for (int i = 0; i < count; i++) {
                byte octet = octets[i];
                if (octet == '\n') {
                    column = 0;
                } else if (++column > LONGEST && octet != '\r') {
                    out.writeBytes(FOLD);
                    column = 2;
                }
                out.write(octet < 0 ? '?' : octet);
            }
        }

        @Override
        public void end(EncodedOctets out) {
            // Nothing is held.
        }
    }
}
