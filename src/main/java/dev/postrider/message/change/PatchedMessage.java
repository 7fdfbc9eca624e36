package dev.postrider.message.change;

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
public record PatchedMessage(MessageContent message, List<Patch> patches) implements MessageContent {

    /**
     * Other octets in the place of some.
     *
     * @param from   of the first octet that is left out
     * @param to     of the first one after it that stays; as {@code from} where nothing is left out
     * @param text what stands there instead, an octet for each character (ISO 8859-1)
     */
    public record Patch(long from, long to, String text) {}

    @Override
    public long size() {
        return message.size() + patches.stream().mapToLong(p -> p.text.length() - (p.to - p.from)).sum();
    }

    @Override
    public InputStream open() throws IOException {
        return new Patched(message.open(), patches.iterator());
    }

    /** Passes from the message to what is put in and back. */
    private static final class Patched extends InputStream {
        private final InputStream in;
        private final Iterator<Patch> left;
        private @Nullable Patch next;
        private InputStream putIn = InputStream.nullInputStream();
        private long position;

        Patched(InputStream in, Iterator<Patch> left) {
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
                Patch patch = next;
                if (patch == null || position < patch.from) {
                    int read = in.read(octets, offset,
                            patch == null ? count : (int) Math.min(count, patch.from - position));
                    position += Math.max(read, 0);
                    return read;
                }
                in.skipNBytes(patch.to - patch.from);
                position = patch.to;
                putIn = new ByteArrayInputStream(patch.text.getBytes(StandardCharsets.ISO_8859_1));
                next = left.hasNext() ? left.next() : null;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
