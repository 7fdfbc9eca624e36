package dev.postrider.message.change;

import dev.postrider.message.FirstOctets;
import dev.postrider.message.MessageContent;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message with other octets in some places. It is read from the message itself; only what is put in stands in memory.
 *
 * @param patches in the order of their places, none overlapping the next
 */
public record PatchedMessage(MessageContent message, List<? extends Change> patches) implements MessageContent {

    /** What stands in the place of some octets. */
    public sealed interface Change permits Patch, Recoded {
        /** Of the first octet that is left out. */
        long from();

        /** Of the first one after it that stays; as {@link #from} where nothing is left out. */
        long to();

        /** Octets that stand there instead. */
        long size();

        /**
         * What stands there instead.
         *
         * @param message stands at {@link #from}; afterwards it stands at {@link #to}
         */
        InputStream open(InputStream message) throws IOException;
    }

    /**
     * Other octets in the place of some.
     *
     * @param from   of the first octet that is left out
     * @param to     of the first one after it that stays; as {@code from} where nothing is left out
     * @param text what stands there instead, an octet for each character (ISO 8859-1)
     */
    public record Patch(long from, long to, String text) implements Change {
        @Override
        public long size() {
            return text.length();
        }

        @Override
        public InputStream open(InputStream message) throws IOException {
            message.skipNBytes(to - from);
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /**
     * The same octets in another encoding, which is made when they are read.
     *
     * @param size in that encoding
     */
    record Recoded(long from, long to, long size, TransferEncoding encoding) implements Change {
        @Override
        public InputStream open(InputStream message) {
            return encoding.of(new FirstOctets(message, to - from));
        }
    }

    @Override
    public long size() {
        return message.size() + patches.stream().mapToLong(p -> p.size() - (p.to() - p.from())).sum();
    }

    @Override
    public InputStream open() throws IOException {
        return new Patched(message.open(), patches.iterator());
    }

    /** Passes from the message to what is put in and back. */
    private static final class Patched extends InputStream {
        private final InputStream in;
        private final Iterator<? extends Change> left;
        private @Nullable Change next;
        private InputStream putIn = InputStream.nullInputStream();
        private long position;

        Patched(InputStream in, Iterator<? extends Change> left) {
            this.in = in;
            this.left = left;
            this.next = left.hasNext() ? left.next() : null;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] octets, int offset, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            while (true) {
                int put = putIn.read(octets, offset, count);
                if (put > 0) {
                    return put;
                }
                Change patch = next;
                if (patch == null || position < patch.from()) {
                    int read = in.read(octets, offset,
                            patch == null ? count : (int) Math.min(count, patch.from() - position));
                    position += Math.max(read, 0);
                    return read;
                }
                position = patch.to();
                putIn = patch.open(in);
                next = left.hasNext() ? left.next() : null;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
