package dev.postrider.relay.queue;

import dev.postrider.message.MessageContent;
import dev.postrider.route.ResourceKey;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A message in the queue, read part by part. */
record StoredContent(Database database, ResourceKey organization, String id, long size) implements MessageContent {

    @Override
    public InputStream open() {
        return new Parts();
    }

    private Optional<byte[]> part(int number) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT content FROM body WHERE organization = ? AND message = ? AND part = ?")) {
                query.setString(1, organization.toString());
                query.setString(2, id);
                query.setInt(3, number);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
                }
            }
        });
    }

    /** Octets of each part. */
    private List<Long> lengths() throws QueueException {
        return database.read(connection -> {
            List<Long> lengths = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT length(content) FROM body WHERE organization = ? AND message = ? ORDER BY part")) {
                query.setString(1, organization.toString());
                query.setString(2, id);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        lengths.add(rows.getLong(1));
                    }
                }
            }
            return lengths;
        });
    }

    private final class Parts extends InputStream {
        private byte[] part = new byte[0];
        private int position;
        private int next;
        private long left = size;

        @Override
        public int read() throws IOException {
            return fill() ? part[position++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, part.length - position);
            System.arraycopy(part, position, target, offset, count);
            position += count;
            return count;
        }

        /** Parts that are skipped as a whole are not read. */
        @Override
        public long skip(long count) throws IOException {
            long wanted = Math.max(count, 0);
            long skipped = Math.min(wanted, part.length - position);
            position += (int) skipped;
            if (skipped < wanted && left > 0) {
                List<Long> lengths = lengths();
                while (next < lengths.size() && lengths.get(next) <= wanted - skipped) {
                    long length = lengths.get(next++);
                    left -= length;
                    skipped += length;
                }
                if (skipped < wanted && fill()) {
                    int some = (int) Math.min(wanted - skipped, part.length - position);
                    position += some;
                    skipped += some;
                }
            }
            return skipped;
        }

        private boolean fill() throws IOException {
            while (position == part.length) {
                if (left == 0) {
                    return false;
                }
                // A message cut short must fail, not be delivered short.
                part = part(next++).orElseThrow(() -> new EOFException("message " + id + " lacks a part"));
                position = 0;
                left -= part.length;
            }
            return true;
        }
    }
}
