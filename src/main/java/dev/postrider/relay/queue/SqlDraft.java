package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A message that comes in: held up to one part, written to disk part by part beyond that. */
final class SqlDraft implements Draft {
    private static final Logger LOG = LoggerFactory.getLogger(SqlDraft.class);

    /** Octets of a part. */
    static final int PART = 256 * 1024;

    private final SqlQueue queue;
    private final ResourceKey organization;
    private final String owner;
    private final String id;
    private final String replica;
    private final DraftMemory memory;
    private final Parts content = new Parts();
    private boolean committed;
    private long coming;
    private long written;

    /**
     * @param replica what its parts are marked with until it is complete
     * @param memory  for parts that are not yet full
     */
    SqlDraft(SqlQueue queue, ResourceKey organization, String owner, String id, String replica, DraftMemory memory) {
        this.owner = owner;
        this.memory = memory;
        this.queue = queue;
        this.organization = organization;
        this.id = id;
        this.replica = replica;
    }

    @Override
    public String id() {
        return id;
    }

    ResourceKey organization() {
        return organization;
    }

    @Override
    public void expect(long octets) throws QueueException {
        queue.keepRoom(this, octets);
    }

    /** Octets that room is kept for. */
    Held coming() {
        return Held.coming(coming, written);
    }

    void coming(long more) {
        coming += more;
    }

    void written(long more) {
        written += more;
    }

    String owner() {
        return owner;
    }

    String replica() {
        return replica;
    }

    @Override
    public long size() {
        return content.size + content.length;
    }

    @Override
    public OutputStream content() {
        return content;
    }

    @Override
    public String commit(NewMessage message) throws QueueException {
        byte[] rest = content.take();
        String stored = queue.commit(this, message, content.next, rest, content.size);
        committed = true;
        content.free();
        return stored;
    }

    @Override
    public void close() {
        content.free();
        if (committed) {
            return;
        }
        try {
            if (content.next > 0) {
                queue.forget(organization, id);
            }
            queue.comesNoMore(this);
            coming = 0;
            written = 0;
        } catch (QueueException e) {
            // They have no message and go at the next start; until then they take their room.
            LOG.warn("parts of message {} that was not completed stay for now: {}", id, e.getMessage());
        }
    }

    private final class Parts extends OutputStream {
        private static final int FIRST = 16 * 1024;
        private static final byte[] NONE = {};

        private byte[] buffer = NONE;
        private int length;
        private int next;
        private long size;
        private int granted;

        @Override
        public void write(int octet) throws IOException {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] octets, int offset, int count) throws IOException {
            Objects.checkFromIndexSize(offset, count, octets.length);
            int done = 0;
            while (done < count) {
                int some = Math.min(count - done, PART - length);
                if (length + some > buffer.length && !grow(length + some)) {
                    some = Math.min(some, buffer.length - length);
                }
                System.arraycopy(octets, offset + done, buffer, length, some);
                length += some;
                done += some;
                if (length == PART || (length == buffer.length && done < count)) {
                    queue.writePart(SqlDraft.this, next, take());
                    free();
                    next++;
                }
            }
        }

        /** Says whether there is memory for so many octets; at least the first ones fit. */
        private boolean grow(int wanted) {
            int larger = Math.min(PART, Math.max(FIRST, Math.max(wanted, buffer.length * 2)));
            boolean enough = larger <= FIRST || memory.take(organization.namespace(), larger - FIRST - granted);
            if (enough) {
                granted = Math.max(0, larger - FIRST);
            }
            if (enough || buffer.length < FIRST) {
                buffer = Arrays.copyOf(buffer, enough ? larger : FIRST);
            }
            return enough;
        }

        /** What was taken is in nobody's memory any more. */
        private void free() {
            if (granted > 0) {
                memory.giveBack(organization.namespace(), granted);
                granted = 0;
            }
        }

        private byte[] take() {
            byte[] taken = length == buffer.length ? buffer : Arrays.copyOf(buffer, length);
            size += length;
            // A full one is given away, so that there is one copy of it while it waits for the writer.
            buffer = NONE;
            length = 0;
            return taken;
        }
    }
}
